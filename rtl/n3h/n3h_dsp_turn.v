// n3h_dsp_turn: corner turn of the DSP core: bit planes in, codes of 8 bits out.
//
// Two banks of DK codes. `cap` writes plane `cap_plane` of all codes of a bank; the chunk's
// last plane (`cap_top`) also fills the planes above it, with itself if codes are signed, else
// with 0. `rd` loads `codes` with PIN consecutive codes of a bank, seen in the next cycle.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dsp_turn #(
    parameter integer DK  = 64,
    parameter integer PIN = 8       // divides DK
) (
    input  wire                      clk,

    input  wire                      cap,
    input  wire                      cap_bank,
    input  wire [2:0]                cap_plane,
    input  wire                      cap_top,
    input  wire                      cap_signed,
    input  wire [DK-1:0]             cap_data,

    input  wire                      rd,
    input  wire                      rd_bank,
    input  wire [$clog2(DK/PIN)-1:0] rd_step,
    output wire [8*PIN-1:0]          codes      // code 0 in the low bits
);

    wire [7:0]       above = 8'hfe << cap_plane;
    wire [8*PIN-1:0] turned;
    reg  [8*PIN-1:0] codes_q;

    genvar p, i;
    generate
        for (p = 0; p < 8; p = p + 1) begin : g_plane
            localparam [2:0] P = p;
            wire fill = cap_top && above[p];
            wire hit  = cap && (cap_plane == P || fill);
            wire zero = cap && fill && !cap_signed;

            reg [DK-1:0] low_q, high_q;     // banks 0 and 1
            always @(posedge clk) begin
                if (hit && !cap_bank)  low_q  <= cap_data;
                if (zero && !cap_bank) low_q  <= {DK{1'b0}};
                if (hit && cap_bank)   high_q <= cap_data;
                if (zero && cap_bank)  high_q <= {DK{1'b0}};
            end

            wire [2*DK-1:0] both = {high_q, low_q};
            wire [PIN-1:0]  bits = both[{rd_bank, rd_step} * PIN +: PIN];
            for (i = 0; i < PIN; i = i + 1) begin : g_code
                assign turned[8*i+p] = bits[i];
            end
        end
    endgenerate

    always @(posedge clk)
        if (rd) codes_q <= turned;

    assign codes = codes_q;

endmodule

`resetall
