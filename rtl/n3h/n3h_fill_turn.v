// n3h_fill_turn: rotates a word of 2^LK bits left by `by`; bit i of `x` is bit i + by of `y`.
//
// Combinational, two bits of `by` per stage: a stage of four inputs per bit fits a LUT6.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill_turn #(
    parameter integer LK = 6         // log2 of the word, bits
) (
    input  wire [LK-1:0]      by,
    input  wire [(1<<LK)-1:0] x,
    output wire [(1<<LK)-1:0] y
);

    localparam integer DK     = 1 << LK;
    localparam integer STAGES = (LK + 1) / 2;

    wire [2*STAGES-1:0] turn = {{(2*STAGES-LK){1'b0}}, by};

    function automatic [DK-1:0] left(input [DK-1:0] v, input integer n);
        left = (v << n) | (v >> (DK - n));
    endfunction

    genvar s;
    generate
        for (s = 0; s < STAGES; s = s + 1) begin : g_stage
            localparam integer N = 1 << (2 * s);
            wire [1:0]    k = turn[2*s +: 2];
            wire [DK-1:0] i, o;
            assign o = k == 2'd0 ? i
                     : k == 2'd1 ? left(i, N)
                     : k == 2'd2 ? left(i, 2 * N % DK) : left(i, 3 * N % DK);
            if (s == 0) begin : g_first
                assign i = x;
            end else begin : g_next
                assign i = g_stage[s-1].o;
            end
        end
    endgenerate

    assign y = g_stage[STAGES-1].o;

endmodule

`resetall
