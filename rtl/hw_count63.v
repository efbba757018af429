// hw_count63: 6:3 counter: how many of six bits are one. Combinational, one LUT6 per output.
//
// The kept boundary stops logic optimisers from taking the counters of a tree apart.
`resetall
`timescale 1ns / 1ps
`default_nettype none

(* keep_hierarchy = "yes" *)
module hw_count63 (
    input  wire [5:0] x,
    output wire [2:0] y
);

    // two full adders; their carries and the carry between their sums have weight 2
    wire p  = x[0] ^ x[1] ^ x[2];
    wire q  = x[3] ^ x[4] ^ x[5];
    wire cp = (x[0] & x[1]) | (x[2] & (x[0] ^ x[1]));
    wire cq = (x[3] & x[4]) | (x[5] & (x[3] ^ x[4]));
    wire cs = p & q;

    assign y[0] = p ^ q;
    assign y[1] = cp ^ cq ^ cs;
    assign y[2] = (cp & cq) | (cs & (cp ^ cq));

endmodule

`resetall
