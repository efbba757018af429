// n3h_dsp_operands: codes and a weight word to signed operands of 9 bits, one register.
//
// Codes are bytes, sign-extended with `a_signed`, else zero-extended. The weight word holds
// COUNT bytes (`w8`), or two halves of COUNT nibbles of which `high` selects one; either is
// sign-extended with `w_signed`. Element 0 is in the low bits everywhere.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dsp_operands #(
    parameter integer PIN   = 8,    // codes
    parameter integer COUNT = 32    // weights
) (
    input  wire               clk,

    input  wire [8*PIN-1:0]   codes,
    input  wire [8*COUNT-1:0] w_data,
    input  wire               a_signed,
    input  wire               w_signed,
    input  wire               w8,
    input  wire               high,

    output wire [9*PIN-1:0]   x,
    output wire [9*COUNT-1:0] w
);

    reg [9*PIN-1:0]   x_q;
    reg [9*COUNT-1:0] w_q;

    genvar i;
    generate
        for (i = 0; i < PIN; i = i + 1) begin : g_code
            always @(posedge clk)
                x_q[9*i +: 9] <= {a_signed && codes[8*i+7], codes[8*i +: 8]};
        end
        for (i = 0; i < COUNT; i = i + 1) begin : g_weight
            wire [7:0] code8 = w_data[8*i +: 8];
            wire [3:0] code4 = high ? w_data[4*(COUNT+i) +: 4] : w_data[4*i +: 4];
            always @(posedge clk)
                w_q[9*i +: 9] <= w8 ? {w_signed && code8[7], code8}
                                    : {{5{w_signed && code4[3]}}, code4};
        end
    endgenerate

    assign x = x_q;
    assign w = w_q;

endmodule

`resetall
