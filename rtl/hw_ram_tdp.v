// hw_ram_tdp: block memory with one read-write port and one read port.
//
// Each cycle with `a_en` reads the word at `a_addr` and, with `a_we`, replaces it: a write, too,
// changes `a_rdata` (to the old word), the one mode that every block RAM has without extra
// logic. Port b reads. Data appear one cycle later and stay until the next access of that port.
// Reading a word on port b in the cycle it is written returns the old word. Contents are
// undefined until written.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_ram_tdp #(
    parameter integer WIDTH = 64,   // word, bits
    parameter integer DEPTH = 1024  // words; a power of two, 2 or more
) (
    input  wire                     clk,

    input  wire                     a_en,
    input  wire                     a_we,
    input  wire [$clog2(DEPTH)-1:0] a_addr,
    input  wire [WIDTH-1:0]         a_wdata,
    output wire [WIDTH-1:0]         a_rdata,

    input  wire                     b_en,
    input  wire [$clog2(DEPTH)-1:0] b_addr,
    output wire [WIDTH-1:0]         b_rdata
);

    (* ram_style = "block" *)
    reg [WIDTH-1:0] mem [0:DEPTH-1];
    reg [WIDTH-1:0] a_rdata_q, b_rdata_q;

    always @(posedge clk) begin
        if (a_en) begin
            if (a_we)
                mem[a_addr] <= a_wdata;
            a_rdata_q <= mem[a_addr];
        end
        if (b_en)
            b_rdata_q <= mem[b_addr];
    end

    assign a_rdata = a_rdata_q;
    assign b_rdata = b_rdata_q;

endmodule

`resetall
