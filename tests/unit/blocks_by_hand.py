"""Blocks of n3h-tiny written by hand, each another way than rtl/ and the task's reference."""

TOKEN = """
module hw_token (input wire clk, input wire rst, input wire put, input wire take,
                 output wire has, output wire room, output reg error);
    reg [5:0] n;                       // no flags beside it: both ends are seen in the count
    wire up = put & room, down = take & has;
    assign has  = |n;
    assign room = ~&n;
    always @(posedge clk) begin
        error <= ~rst & (put & ~room | take & ~has);
        if (rst)
            n <= 6'd0;
        else if (up ^ down)
            n <= n + {{5{down}}, 1'b1};
    end
endmodule
"""

BANK = """
module n3h_bank_load_r (
    input clk, input rst, input cfg_we, input [7:0] cfg_reg, input [95:0] cfg_data,
    output [11:0] c_segs, output [19:0] c_p_stride, output [15:0] c_seg_words,
    output [1:0] c_cont, output c_sext
);
    kept u_kept (.clk(clk), .zero(rst), .load(cfg_we & ~|cfg_reg), .d(cfg_data[50:0]),
                 .q({c_sext, c_cont, c_seg_words, c_p_stride, c_segs}));
endmodule

module kept (input clk, input zero, input load, input [50:0] d, output reg [50:0] q);
    always @(posedge clk) q <= {51{~zero}} & (load ? d : q);
endmodule
"""

WATCHDOG = """
module n3h_watchdog (
    input wire clk, input wire rst, input wire [31:0] limit, input wire [17:0] q_state,
    input wire [35:0] q_missing, output reg fire, output reg [9:0] info
);
    wire [8:0] w, r, s;                // waiting, running, stalled
    wire [8:0] above_w = {above_w[7:0] | w[7:0], 1'b0}, above_s = {above_s[7:0] | s[7:0], 1'b0};
    wire [8:0] first = |w ? w & ~above_w : s & ~above_s;
    wire none = ~|w & ~|s, moving = |r;
    genvar q;
    generate
        for (q = 0; q < 9; q = q + 1) begin : g
            assign {w[q], r[q], s[q]} = {q_state[2*q+1:2*q] == 2'd1, q_state[2*q+1:2*q] == 2'd2,
                                         q_state[2*q+1:2*q] == 2'd3};
        end
    endgenerate
    reg [31:0] left;
    reg spent;
    reg [3:0] miss;
    integer i;
    always @* begin
        miss = 4'd0;
        for (i = 0; i < 9; i = i + 1)
            miss = miss | q_missing[4*i +: 4] & {4{first[i] & |w}};
    end
    always @(posedge clk) begin
        info[9:6] <= miss;
        info[5:4] <= {~|w & |s, ~none};
        info[0]   <= none | first[1] | first[3] | first[5] | first[7];
        info[1]   <= none | first[2] | first[3] | first[6] | first[7];
        info[2]   <= none | |first[7:4];
        info[3]   <= none | first[8];
        left      <= rst | moving ? limit : left - {31'd0, |left};
        fire      <= ~rst & ~spent & ~moving & ~|left[31:1] & left[0];
        spent     <= ~rst & (spent | fire);
    end
endmodule
"""

SWAP = """
module n3h_fill_swap (input wire [2:0] key, input wire [63:0] x, output wire [63:0] y);
    function [63:0] swapped(input [63:0] v, input yes, input [63:0] low, input integer by);
        swapped = yes ? (v & low) << by | v >> by & low : v;
    endfunction
    assign y = swapped(swapped(swapped(x, key[0], 64'h00ff00ff00ff00ff, 8),
                               key[1], 64'h0000ffff0000ffff, 16),
                       key[2], 64'h00000000ffffffff, 32);
endmodule
"""

TURN = """
module n3h_fill_turn (input [5:0] by, input [63:0] x, output reg [63:0] y);
    always @* begin
        y = x;
        if (by[5]) y = {y[31:0], y[63:32]};
        if (by[4]) y = {y[47:0], y[63:48]};
        if (by[3]) y = {y[55:0], y[63:56]};
        if (by[2]) y = {y[59:0], y[63:60]};
        if (by[1]) y = {y[61:0], y[63:62]};
        if (by[0]) y = {y[62:0], y[63]};
    end
endmodule
"""

OPERANDS = """
module n3h_dsp_operands (
    input clk, input [63:0] codes, input [255:0] w_data, input a_signed, input w_signed,
    input w8, input high, output reg [71:0] x, output reg [287:0] w
);
    wire [127:0] half = high ? w_data[255:128] : w_data[127:0];
    reg [255:0] code;
    reg [31:0] top;
    integer i, j;
    always @* for (i = 0; i < 32; i = i + 1) begin
        top[i]            = w_signed & (w8 ? w_data[8*i+7] : half[4*i+3]);
        code[8*i +: 4]    = w8 ? w_data[8*i +: 4] : half[4*i +: 4];
        code[8*i+4 +: 4]  = w8 ? w_data[8*i+4 +: 4] : {4{top[i]}};
    end
    always @(posedge clk) begin
        for (j = 31; j >= 0; j = j - 1) w[9*j +: 9] <= {top[j], code[8*j +: 8]};
        for (j = 7; j >= 0; j = j - 1) x[9*j +: 9] <= {a_signed & codes[8*j+7], codes[8*j +: 8]};
    end
endmodule
"""

COUNT = """
module hw_popcount (input clk, input [63:0] a, input [63:0] b, output reg [6:0] y);
    wire [63:0] v = a & b;             // three groups of 21 bits, and a last bit
    wire [4:0] p, q, r;
    ones21 u_p (v[20:0], p), u_q (v[41:21], q), u_r (v[62:42], r);
    wire [4:0] half = p ^ q ^ r, more = p & q | r & (p ^ q);
    always @(posedge clk) y <= {2'b0, half} + {1'b0, more, v[63]};
endmodule

module ones21 (input [20:0] v, output [4:0] n);
    wire [2:0] a, b, c;
    ones7 u_a (v[6:0], a), u_b (v[13:7], b), u_c (v[20:14], c);
    wire [2:0] half = a ^ b ^ c, more = a & b | c & (a ^ b);
    assign n = {2'b0, half} + {1'b0, more, 1'b0};
endmodule

module ones7 (input [6:0] v, output [2:0] n);
    wire s, t, c, d, e;
    full u_0 (v[0], v[1], v[2], s, c), u_1 (v[3], v[4], v[5], t, d), u_2 (s, t, v[6], n[0], e);
    full u_3 (c, d, e, n[1], n[2]);
endmodule

module full (input a, input b, input c, output s, output m);
    wire x = a ^ b;
    assign s = x ^ c;
    assign m = a & b | c & x;
endmodule
"""

HARD = {"hw_popcount": COUNT}
"""Right too, but the judge cannot prove it in its time: such a text replaces nothing."""

TEXTS = {
    "hw_token": TOKEN,
    "n3h_bank_load_r": BANK,
    "n3h_watchdog": WATCHDOG,
    "n3h_fill_swap": SWAP,
    "n3h_fill_turn": TURN,
    "n3h_dsp_operands": OPERANDS,
}
"""Right answers by module, for the parameters of the preset tiny: three blocks of state, and three
that are logic, the last with a register behind it."""
