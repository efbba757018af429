// hw_ram_sdp: simple dual-port block memory with sliced writes.
//
// One write port, one read port, one clock. A write stores the slices of `wdata` whose bit in
// `wslice_en` is set. A read with `re` appears on `rdata` one cycle later and stays there until
// the next read. Reading a word in the cycle it is written returns the old word. Contents are
// undefined until written. One memory per slice, so that every tool infers block RAM whatever
// the slice width.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module hw_ram_sdp #(
    parameter integer WIDTH = 64,   // word, bits
    parameter integer DEPTH = 512,  // words; a power of two, 2 or more
    parameter integer SLICE = 64    // bits per write enable; divides WIDTH
) (
    input  wire                     clk,

    input  wire                     we,
    input  wire [$clog2(DEPTH)-1:0] waddr,
    input  wire [WIDTH/SLICE-1:0]   wslice_en,
    input  wire [WIDTH-1:0]         wdata,

    input  wire                     re,
    input  wire [$clog2(DEPTH)-1:0] raddr,
    output wire [WIDTH-1:0]         rdata
);

    genvar g;
    generate
        for (g = 0; g < WIDTH / SLICE; g = g + 1) begin : g_slice
            (* ram_style = "block" *)
            reg [SLICE-1:0] mem [0:DEPTH-1];
            reg [SLICE-1:0] rdata_q;

            always @(posedge clk) begin
                if (we && wslice_en[g])
                    mem[waddr] <= wdata[SLICE*g +: SLICE];
                if (re)
                    rdata_q <= mem[raddr];
            end

            assign rdata[SLICE*g +: SLICE] = rdata_q;
        end
    endgenerate

endmodule

`resetall
