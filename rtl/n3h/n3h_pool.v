// n3h_pool: maximum or average over windows of LANES codes, one window element per cycle.
//
// Elements enter in window order, `s_first` and `s_last` marking a window's ends (both for a window
// of one). The window's codes leave 12 cycles after its last element, without back-pressure.
// Maximum: the largest code among the elements inside the map. Average: the sum of code - z_in over
// the elements inside, requantised with row `count` of the table, to z_out, lo..hi; count is the
// number of elements inside or, with `count_pad`, `window`. A pass without pooling is a maximum
// over windows of one. The fields are stable while elements are under way.
//
// Sums have 18 bits: a window has at most 15 x 15 elements of at most 511 each.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_pool #(
    parameter integer LANES = 1
) (
    input  wire               clk,
    input  wire               rst,          // synchronous, active high

    input  wire               table_we,
    input  wire [7:0]         table_addr,   // elements in the window
    input  wire [21:0]        table_data,   // {shift, mul}

    input  wire               average,
    input  wire               code_signed,
    input  wire               count_pad,
    input  wire [7:0]         window,       // elements of a whole window
    input  wire [8:0]         z_in,
    input  wire [8:0]         z_out,
    input  wire [8:0]         lo,
    input  wire [8:0]         hi,

    input  wire               s_valid,
    input  wire               s_first,
    input  wire               s_last,
    input  wire               s_inside,     // the element is inside the map
    input  wire [LANES*8-1:0] s_data,

    output wire               m_valid,
    output wire [LANES*8-1:0] m_data
);

    localparam integer SW = 18;

    // 1: element - z_in; what is outside adds 0 to a sum and is below every code
    // 2: running sum or maximum. 3: the window's result, and the table's row of its count
    reg             v1_q, first1_q, last1_q, in1_q, v2_q, v3_q;
    reg  [7:0]      count_q;
    wire [21:0]     row;
    wire [8:0]      zero = average ? z_in : 9'd0;
    wire [LANES*SW-1:0] sum3;

    always @(posedge clk) begin
        v1_q     <= s_valid;
        first1_q <= s_first;
        last1_q  <= s_last;
        in1_q    <= s_inside;
        if (v1_q) count_q <= (first1_q ? 8'd0 : count_q) + {7'd0, in1_q};
        v2_q     <= v1_q && last1_q;
        v3_q     <= v2_q;
        if (rst) begin
            v1_q <= 1'b0;
            v2_q <= 1'b0;
            v3_q <= 1'b0;
        end
    end

    genvar k;
    generate
        for (k = 0; k < LANES; k = k + 1) begin : g_lane
            wire [7:0]           code = s_data[8*k +: 8];
            wire signed [9:0]    wide = $signed({{2{code_signed && code[7]}}, code});
            reg signed [9:0]     diff_q;
            reg signed [SW-1:0]  sum_q, sum3_q;
            wire signed [SW-1:0] next = $signed({{SW-10{diff_q[9]}}, diff_q});

            always @(posedge clk) begin
                if (s_inside)     diff_q <= wide - $signed({zero[8], zero});
                else if (average) diff_q <= 10'sd0;
                else              diff_q <= -10'sd256;
                if (v1_q) begin
                    if (first1_q)          sum_q <= next;
                    else if (average)      sum_q <= sum_q + next;
                    else if (next > sum_q) sum_q <= next;
                end
                sum3_q <= sum_q;
            end

            assign sum3[SW*k +: SW] = sum3_q;
        end
    endgenerate

    hw_ram_sdp #(.WIDTH(22), .DEPTH(256), .SLICE(22)) u_table (
        .clk      (clk),
        .we       (table_we),
        .waddr    (table_addr),
        .wslice_en(1'b1),
        .wdata    (table_data),
        .re       (v2_q),
        .raddr    (count_pad ? window : count_q),
        .rdata    (row)
    );

    // a maximum passes through unchanged: x * 2^15 / 2^15
    wire        unused;
    wire [15:0] mul   = average ? row[15:0]  : 16'h8000;
    wire [5:0]  shift = average ? row[21:16] : 6'd15;

    n3h_lanes #(.LANES(LANES), .ACC_W(SW), .USER_W(1)) u_lanes (
        .clk      (clk),
        .rst      (rst),
        .s_valid  (v3_q),
        .s_user   (1'b0),
        .s_acc    (sum3),
        .s_bias   ({LANES*SW{1'b0}}),
        .s_mul    ({LANES{mul}}),
        .s_shift  ({LANES{shift}}),
        .s_rs     ({LANES*5{1'b0}}),
        .s_res    ({LANES*9{1'b0}}),
        .s_res_z  (9'd0),
        .s_res_mul(16'd0),
        .s_zout   (average ? z_out : 9'd0),
        .s_lo     (average ? lo : 9'h100),
        .s_hi     (average ? hi : 9'h0ff),
        .m_valid  (m_valid),
        .m_user   (unused),
        .m_code   (m_data)
    );

endmodule

`resetall
