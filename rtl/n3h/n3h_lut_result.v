// n3h_lut_result: keeps one tile of sums for the reader while the array works on the next.
//
// `sum_ready` says that `sum` holds a complete tile; it is taken as soon as the tile before it
// has been popped (`take`, in the same cycle). Reads: LANES sums of pixel `res_m`, group
// `res_g`, on `res_data` one cycle after `res_re`, also with `res_pop`, which ends the tile.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_lut_result #(
    parameter integer DM    = 4,
    parameter integer DN    = 4,
    parameter integer LANES = 1     // divides DN
) (
    input  wire                  clk,
    input  wire                  rst,           // synchronous, active high

    input  wire [DM*DN*32-1:0]   sum,           // pixel-major
    input  wire                  sum_ready,
    output wire                  take,

    output wire                  res_valid,
    input  wire                  res_re,
    input  wire [$clog2(DM)-1:0] res_m,
    input  wire [(DN > LANES ? $clog2(DN/LANES) : 1)-1:0]
                                 res_g,
    input  wire                  res_pop,
    output wire [LANES*32-1:0]   res_data
);

    localparam integer GROUPS = DN / LANES;
    localparam integer SLOTS  = 1 << (DN > LANES ? $clog2(GROUPS) : 1);

    reg                 valid_q;
    reg  [DM*DN*32-1:0] tile_q;
    reg  [LANES*32-1:0] data_q;

    assign take = sum_ready && (!valid_q || res_pop);

    always @(posedge clk) begin
        valid_q <= sum_ready || (valid_q && !res_pop);
        if (take)   tile_q <= sum;
        if (res_re) data_q <= group;
        if (rst)
            valid_q <= 1'b0;
    end

    // a power of two of groups per pixel: the address is a concatenation
    wire [DM*SLOTS*LANES*32-1:0] padded;
    wire [LANES*32-1:0]          group = padded[{res_m, res_g} * LANES*32 +: LANES*32];

    genvar m;
    generate
        for (m = 0; m < DM; m = m + 1) begin : g_pixel
            assign padded[m*SLOTS*LANES*32 +: DN*32] = tile_q[m*DN*32 +: DN*32];
            if (SLOTS > GROUPS) begin : g_pad
                assign padded[(m*SLOTS+GROUPS)*LANES*32 +: (SLOTS-GROUPS)*LANES*32] =
                    {(SLOTS-GROUPS)*LANES*32{1'b0}};
            end
        end
    endgenerate

    assign res_valid = valid_q;
    assign res_data  = data_q;

endmodule

`resetall
