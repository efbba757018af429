// hw_requant: one lane of requantisation with residual, exact, one result per cycle.
//
//   p    = (acc + bias) * mul + (res - res_z) * res_mul * 2^rs
//   code = clip(p / 2^shift rounded half to even + zout, lo, hi)
//
// All inputs belong together and are sampled in every cycle; the code of cycle t is at `code` in
// cycle t+9, whatever the values and ACC_W. No valid bits and no back-pressure: the owner delays
// what it needs to know. p has 58 bits and never wraps for any input; shift is 1..47 (0 is computed
// too, without rounding); lo <= hi. `code` is the low byte, so signed and unsigned 8-bit codes fit.
//
// Rounding: with the quotient's bits below the point split in `half` (the first) and `sticky` (the
// OR of the rest), half to even adds half && (sticky || odd). A quotient beyond 11 bits is outside
// any lo..hi for any zout, so it saturates early and the last stages stay narrow.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_requant #(
    parameter integer ACC_W = 32    // signed width of acc and of bias, 2..32; <= 24: one multiplier
) (
    input  wire                    clk,

    input  wire signed [ACC_W-1:0] acc,
    input  wire signed [ACC_W-1:0] bias,
    input  wire        [15:0]      mul,
    input  wire        [5:0]       shift,
    input  wire signed [8:0]       res,         // -128..255
    input  wire signed [8:0]       res_z,
    input  wire        [15:0]      res_mul,     // 0: no residual
    input  wire        [4:0]       rs,
    input  wire signed [8:0]       zout,
    input  wire signed [8:0]       lo,
    input  wire signed [8:0]       hi,

    output wire        [7:0]       code
);

    // what later stages need, oldest in the high bits
    reg [15:0] mul_q;
    reg [31:0] res_mul_q;   // 2 stages
    reg [4:0]  rs_q;        // and its high bit 2 more
    reg [1:0]  rs_high_q;
    reg [23:0] shift_q;     // 4 stages, and a fifth for the fine half
    reg [3:0]  fine_q;
    reg [14:0] below_q;     // what a shift by fine_q drops
    reg [62:0] zout_q;      // 7 stages
    reg [71:0] lo_q, hi_q;  // 8 stages

    always @(posedge clk) begin
        mul_q     <= mul;
        res_mul_q <= {res_mul_q[15:0], res_mul};
        rs_q      <= rs;
        rs_high_q <= {rs_high_q[0], rs_q[4]};
        shift_q   <= {shift_q[17:0], shift};
        fine_q    <= shift_q[21:18];
        below_q   <= ~(15'h7fff << shift_q[21:18]);
        zout_q    <= {zout_q[53:0], zout};
        lo_q      <= {lo_q[62:0], lo};
        hi_q      <= {hi_q[62:0], hi};
    end

    // 1: sums. 2, 3: products; the 33-bit sum takes two multipliers of 18 x 17 bits, the residual
    // is shifted by up to 15 before its product and by 16 after it, where it is narrow
    reg signed [ACC_W:0] x_q;
    reg signed [9:0]     r_q;
    reg signed [24:0]    rsh_q;
    reg signed [40:0]    pr_q;
    wire signed [16:0]   mul_s     = $signed({1'b0, mul_q});
    wire signed [16:0]   res_mul_s = $signed({1'b0, res_mul_q[31:16]});
    wire signed [57:0]   main;

    always @(posedge clk) begin
        x_q   <= $signed({acc[ACC_W-1], acc}) + $signed({bias[ACC_W-1], bias});
        r_q   <= $signed({res[8], res}) - $signed({res_z[8], res_z});
        rsh_q <= $signed({{15{r_q[9]}}, r_q}) <<< rs_q[3:0];
        pr_q  <= $signed({{16{rsh_q[24]}}, rsh_q}) * $signed({{24{res_mul_s[16]}}, res_mul_s});
    end

    generate
        if (ACC_W <= 24) begin : g_one
            localparam integer W = ACC_W + 18;
            reg signed [W-1:0] p2_q, p3_q;
            always @(posedge clk) begin
                p2_q <= $signed({{17{x_q[ACC_W]}}, x_q}) * $signed({{ACC_W+1{mul_s[16]}}, mul_s});
                p3_q <= p2_q;
            end
            assign main = $signed({{58-W{p3_q[W-1]}}, p3_q});
        end else begin : g_two
            localparam integer H = ACC_W - 16;      // width of the upper part of the sum
            wire signed [17:0]  xl = $signed({1'b0, x_q[16:0]});
            wire signed [H-1:0] xh = $signed(x_q[ACC_W:17]);
            reg signed [34:0]   pl_q;
            reg signed [H+16:0] ph_q, hi3_q;
            reg        [16:0]   lo3_q;
            always @(posedge clk) begin
                pl_q  <= $signed({{17{xl[17]}}, xl}) * $signed({{18{mul_s[16]}}, mul_s});
                ph_q  <= $signed({{17{xh[H-1]}}, xh}) * $signed({{H{mul_s[16]}}, mul_s});
                hi3_q <= ph_q + $signed({{H-1{pl_q[34]}}, pl_q[34:17]});
                lo3_q <= pl_q[16:0];
            end
            assign main = $signed({{24-H{hi3_q[H+16]}}, hi3_q, lo3_q});
        end
    endgenerate

    // 4: the sum; below it a zero, so that after the shift bit 0 is the first bit below the point
    reg signed [57:0] p_q;
    wire       [58:0] t = {p_q, 1'b0};

    always @(posedge clk)
        p_q <= main + $signed(rs_high_q[1] ? {pr_q[40], pr_q, 16'd0} : {{17{pr_q[40]}}, pr_q});

    // 5: shift by 0, 16, 32; bits above 28 only say `big`: a 27th that differs shows in stage 7
    reg [26:0] c_d, c_q;
    reg        big_d, big5_q, sticky5_d, sticky5_q, neg5_q;

    always @* begin
        case (shift_q[23:22])
            2'd0: begin
                c_d       = t[26:0];
                big_d     = t[58:27] != {32{t[58]}};
                sticky5_d = 1'b0;
            end
            2'd1: begin
                c_d       = t[42:16];
                big_d     = t[58:43] != {16{t[58]}};
                sticky5_d = |t[15:0];
            end
            default: begin
                c_d       = t[58:32];
                big_d     = 1'b0;
                sticky5_d = |t[31:0];
            end
        endcase
    end

    // 6: shift by 0..15
    reg [26:0] f_q;
    reg        big6_q, sticky6_q, neg6_q;

    always @(posedge clk) begin
        c_q       <= c_d;
        big5_q    <= big_d;
        sticky5_q <= sticky5_d;
        neg5_q    <= t[58];
        f_q       <= $unsigned($signed(c_q) >>> fine_q);
        big6_q    <= big5_q;
        sticky6_q <= sticky5_q || |(c_q[14:0] & below_q);
        neg6_q    <= neg5_q;
    end

    // 7: saturate to 11 bits, decide on rounding. 8: add. 9: clip
    reg signed [10:0] sat_q;
    reg               round_q;
    reg signed [11:0] z_q;
    reg        [7:0]  code_q;
    wire              over    = big6_q || f_q[26:11] != {16{neg6_q}};
    wire signed [8:0] zout_s  = $signed(zout_q[62:54]);
    wire signed [11:0] lo_s   = $signed({{3{lo_q[71]}}, lo_q[71:63]});
    wire signed [11:0] hi_s   = $signed({{3{hi_q[71]}}, hi_q[71:63]});

    always @(posedge clk) begin
        sat_q   <= over ? $signed({neg6_q, {10{!neg6_q}}}) : $signed(f_q[11:1]);
        round_q <= !over && f_q[0] && (sticky6_q || f_q[1]);
        z_q     <= $signed({sat_q[10], sat_q}) + $signed({{3{zout_s[8]}}, zout_s})
                   + $signed({11'b0, round_q});
        code_q  <= z_q < lo_s ? lo_s[7:0] : z_q > hi_s ? hi_s[7:0] : z_q[7:0];
    end

    assign code = code_q;

endmodule

`resetall
