// Yosys' adder cell as a chain of full adders: fewest gates, and the form
// in which adders of different authors become the same gates.
(* techmap_celltype = "$alu" *)
module ripple_alu (A, B, CI, BI, X, Y, CO);

    parameter A_SIGNED = 0;
    parameter B_SIGNED = 0;
    parameter A_WIDTH  = 1;
    parameter B_WIDTH  = 1;
    parameter Y_WIDTH  = 1;

    input  [A_WIDTH-1:0] A;
    input  [B_WIDTH-1:0] B;
    input                CI, BI;
    output [Y_WIDTH-1:0] X, Y, CO;

    wire [Y_WIDTH-1:0] a, b, c;

    generate
        if (A_WIDTH == 0)  // a negation
            assign a = {Y_WIDTH{1'b0}};
        else
            \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) u_a (.A(A), .Y(a));
    endgenerate
    \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) u_b (.A(B), .Y(b));

    assign X  = a ^ (BI ? ~b : b);
    assign c  = {CO, CI};
    assign Y  = X ^ c;
    assign CO = (a & (BI ? ~b : b)) | (X & c);

endmodule
