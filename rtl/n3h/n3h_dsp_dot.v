// n3h_dsp_dot: one filter of the DSP core: PIN products per cycle, summed and accumulated.
//
// Operands are signed, of 9 bits: every signed or unsigned code of 8 bits fits. One register
// behind the multipliers, one behind each of the log2(PIN) adder levels; with those sums
// come `acc_en` and `acc_first` (start a sum); `acc` shows the sum in the cycle after. A
// sum is modulo 2^32: exact if the result fits.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dsp_dot #(
    parameter integer PIN = 8       // a power of two
) (
    input  wire             clk,

    input  wire [9*PIN-1:0] x,      // operand 0 in the low bits
    input  wire [9*PIN-1:0] w,

    input  wire             acc_en,
    input  wire             acc_first,
    output wire [31:0]      acc
);

    localparam integer LEVELS = $clog2(PIN);

    // level 0: products; level l: sums of 2^l of them, one bit wider per level
    genvar l, i;
    generate
        for (l = 0; l <= LEVELS; l = l + 1) begin : g_level
            localparam integer W = 18 + l;
            reg [(PIN>>l)*W-1:0] v_q;
            for (i = 0; i < (PIN >> l); i = i + 1) begin : g_node
                wire signed [W-1:0] v;
                if (l == 0) begin : g_product
                    wire signed [8:0] a = x[9*i +: 9];
                    wire signed [8:0] b = w[9*i +: 9];
                    assign v = a * b;
                end else begin : g_sum
                    wire signed [W-2:0] a = g_level[l-1].v_q[2*i*(W-1) +: W-1];
                    wire signed [W-2:0] b = g_level[l-1].v_q[(2*i+1)*(W-1) +: W-1];
                    assign v = a + b;
                end
                always @(posedge clk) v_q[W*i +: W] <= v;
            end
        end
    endgenerate

    localparam integer SW = 18 + LEVELS;

    reg  [31:0] acc_q;
    wire [31:0] dot = {{32-SW{g_level[LEVELS].v_q[SW-1]}}, g_level[LEVELS].v_q};

    always @(posedge clk)
        if (acc_en) acc_q <= (acc_first ? 32'd0 : acc_q) + dot;

    assign acc = acc_q;

endmodule

`resetall
