// n3h_dpu: one bit-serial dot-product unit: a sum of plane products, shifted and accumulated.
//
// `a` and `w` bring one chunk of an activation plane and of a weight plane per cycle. One cycle
// later `neg` says whether their product is subtracted; one more cycle later, with `acc_en`,
// it is added: to 0 with `acc_first`, to twice the sum with `acc_double`, else to the sum.
// `acc` shows it in the cycle after that. The sum is modulo 2^32: exact if the result fits.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dpu #(
    parameter integer DK = 64       // bits per chunk: 64, 128, 256 or 512
) (
    input  wire          clk,

    input  wire [DK-1:0] a,
    input  wire [DK-1:0] w,

    input  wire          neg,

    input  wire          acc_en,
    input  wire          acc_first,
    input  wire          acc_double,
    input  wire          acc_carry,     // `neg`, one cycle later

    output wire [31:0]   acc
);

    localparam integer PW = $clog2(DK + 1);

    wire [PW-1:0] ones;
    reg  [PW:0]   part_q;       // the count, or its complement: `acc_carry` adds the 1
    reg  [31:0]   acc_q;

    wire [31:0] base = acc_first ? 32'd0 : acc_double ? {acc_q[30:0], 1'b0} : acc_q;
    wire [32:0] sum  = {{31-PW{part_q[PW]}}, part_q, acc_carry} + {base, acc_carry};

    hw_popcount #(
        .WIDTH (DK)
    ) u_popcount (
        .clk (clk),
        .a   (a),
        .b   (w),
        .y   (ones)
    );

    always @(posedge clk) begin
        part_q <= {PW+1{neg}} ^ {1'b0, ones};
        if (acc_en) acc_q <= sum[32:1];
    end

    assign acc = acc_q;

    wire unused = &{1'b0, sum[0]};

endmodule

`resetall
