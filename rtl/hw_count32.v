// hw_count32: how many of three AND gates are one. Combinational, one LUT6 per output.
//
// The kept boundary stops logic optimisers from taking the counters of a tree apart.
`resetall
`timescale 1ns / 1ps
`default_nettype none

(* keep_hierarchy = "yes" *)
module hw_count32 (
    input  wire [2:0] a,
    input  wire [2:0] b,
    output wire [1:0] y
);

    wire [2:0] x = a & b;

    assign y[0] = x[0] ^ x[1] ^ x[2];
    assign y[1] = (x[0] & x[1]) | (x[2] & (x[0] ^ x[1]));

endmodule

`resetall
