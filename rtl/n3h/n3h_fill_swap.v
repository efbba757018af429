// n3h_fill_swap: eight blocks of BITS bits, block b of the result is block b ^ key.
//
// Combinational. The permutation is its own inverse.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill_swap #(
    parameter integer BITS = 8       // bits per block
) (
    input  wire [2:0]        key,
    input  wire [8*BITS-1:0] x,
    output wire [8*BITS-1:0] y
);

    // Four inputs per bit, then two: the first stage fits a LUT6.
    wire [8*BITS-1:0] near;

    genvar b;
    generate
        for (b = 0; b < 8; b = b + 1) begin : g_block
            assign near[BITS*b +: BITS] = key[1:0] == 2'd0 ? x[BITS*b +: BITS]
                                        : key[1:0] == 2'd1 ? x[BITS*(b^1) +: BITS]
                                        : key[1:0] == 2'd2 ? x[BITS*(b^2) +: BITS]
                                        :                    x[BITS*(b^3) +: BITS];
            assign y[BITS*b +: BITS] = key[2] ? near[BITS*(b^4) +: BITS] : near[BITS*b +: BITS];
        end
    endgenerate

endmodule

`resetall
