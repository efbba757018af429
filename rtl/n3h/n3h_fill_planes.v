// n3h_fill_planes: turns lanes of packed codes into bit planes and writes them to the ring.
//
// A chunk of DK elements comes in as up to 2^c_cont lanes and leaves as `i_a_bits_m1` + 1 planes
// of DK bits, element 0 in the low bits, one plane per cycle while the ring takes them. Lanes that
// never came (the end of a pixel) read as zeros. Four chunks are buffered.
//
// The corner turn costs no registers: a plane is eight segments of DK/8 elements, kept in eight
// small memories; segment s of plane p lies in memory s ^ reverse(p) at address p. So the eight
// (segment, plane) blocks that one lane holds, for every container width, fall into different
// memories, and so do the eight segments of one plane.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill_planes #(
    parameter integer DM = 4,        // pixels per row tile
    parameter integer DK = 64        // elements per chunk
) (
    input  wire                  clk,
    input  wire                  rst,        // synchronous, active high
    input  wire                  start,      // fields below are stable from here on

    input  wire [19:0]           i_pixels,
    input  wire [13:0]           i_k_chunks,
    input  wire [2:0]            i_a_bits_m1,
    input  wire [1:0]            c_cont,     // log2 of the container width in bits

    input  wire                  lane_valid,
    output wire                  lane_ready,
    input  wire [DK-1:0]         lane_data,
    input  wire                  lane_eop,   // last lane of the pixel

    input  wire                  fill_room,
    input  wire                  fill_ready,
    output wire                  fill_we,
    output wire [$clog2(DM)-1:0] fill_col,
    output wire [13:0]           fill_addr,
    output wire [DK-1:0]         fill_data,
    output wire                  fill_commit,

    output wire                  pending,    // a plane waits for the ring
    output wire                  written     // every plane of the pass has been taken
);

    localparam integer BITS = DK / 8;        // elements per segment
    localparam integer CW   = $clog2(DM);
    localparam [CW-1:0] LAST_COL = {CW{1'b1}};

    reg [2:0] used_q;                        // buffers holding a chunk
    reg [1:0] wbuf_q, rbuf_q;
    reg [2:0] key_q;                         // first segment of the lane being written
    reg [7:0] keep_q [0:3];                  // segments written, per buffer

    // --- lanes in ---------------------------------------------------------------------------
    wire [2:0] mask = {c_cont == 2'd3, c_cont[1], c_cont != 2'd0};   // planes of a lane - 1
    wire [3:0] next = {1'b0, key_q} + (4'd8 >> c_cont);              // first segment after it
    wire       put  = lane_valid && lane_ready;
    wire       last = key_q == {mask[0], mask[1], mask[2]};
    wire       shut = put && (last || lane_eop);

    wire [DK-1:0] turned, wdata, rdata, plane;
    wire [2:0]    plane_key;

    assign lane_ready = !used_q[2];

    genvar i, j;
    generate
        for (i = 0; i < 8; i = i + 1) begin : g_block
            // Block i of a lane: its bits of i, reversed from the top, name the plane, the rest
            // the segment; block b ^ key_q lands in memory b.
            localparam integer TOP = i / 4, MID = i / 2 % 2, LOW = i % 2;
            for (j = 0; j < BITS; j = j + 1) begin : g_bit
                assign turned[BITS*i + j] =
                      c_cont == 2'd3 ? lane_data[8*j + 4*LOW + 2*MID + TOP]
                    : c_cont == 2'd2 ? lane_data[4*(BITS*LOW + j) + 2*MID + TOP]
                    : c_cont == 2'd1 ? lane_data[2*(BITS*(i%4) + j) + TOP]
                    :                  lane_data[BITS*i + j];
            end
        end
        for (i = 0; i < 8; i = i + 1) begin : g_mem
            localparam [2:0] I = i;
            (* ram_style = "distributed" *)
            reg  [BITS-1:0] mem [0:31];
            wire [2:0]      blk = I ^ key_q;
            always @(posedge clk)
                if (put)
                    mem[{wbuf_q, {blk[0], blk[1], blk[2]} & mask}] <= wdata[BITS*i +: BITS];
            assign rdata[BITS*i +: BITS] = mem[{rbuf_q, plane_q}];
        end
    endgenerate

    n3h_fill_swap #(.BITS (BITS)) u_in  (.key (key_q),     .x (turned), .y (wdata));
    n3h_fill_swap #(.BITS (BITS)) u_out (.key (plane_key), .x (rdata),  .y (plane));

    // --- planes out -------------------------------------------------------------------------
    reg [19:0]   left_q;                     // pixels not finished
    reg [13:0]   kc_q;                       // chunks of the pixel not finished
    reg [2:0]    plane_q;
    reg [13:0]   at_q;
    reg [CW-1:0] col_q;
    reg          e_valid_q, e_commit_q, e_end_q, written_q;
    reg [CW-1:0] e_col_q;
    reg [13:0]   e_addr_q;
    reg [DK-1:0] e_data_q;

    wire taken     = fill_we && fill_ready;
    wire emit      = used_q != 3'd0 && (!e_valid_q || taken);
    wire end_chunk = plane_q == i_a_bits_m1;
    wire end_pixel = end_chunk && kc_q == 14'd1;
    wire end_pass  = end_pixel && left_q == 20'd1;
    wire free      = emit && end_chunk;

    assign plane_key = {plane_q[0], plane_q[1], plane_q[2]};

    wire [7:0]    rkeep = keep_q[rbuf_q];
    wire [DK-1:0] shown;
    generate
        for (i = 0; i < 8; i = i + 1) begin : g_show
            assign shown[BITS*i +: BITS] = plane[BITS*i +: BITS] & {BITS{rkeep[i]}};
        end
    endgenerate

    always @(posedge clk) begin
        if (put)
            key_q <= shut ? 3'd0 : next[2:0];
        if (shut) begin
            keep_q[wbuf_q] <= ~(8'hff << next);
            wbuf_q         <= wbuf_q + 2'd1;
        end
        if (shut != free)
            used_q <= shut ? used_q + 3'd1 : used_q - 3'd1;
        if (taken)
            e_valid_q <= 1'b0;
        if (taken && e_end_q)
            written_q <= 1'b1;
        if (emit) begin
            e_valid_q  <= 1'b1;
            e_data_q   <= shown;
            e_addr_q   <= at_q;
            e_col_q    <= col_q;
            e_commit_q <= end_pass || (end_pixel && col_q == LAST_COL);
            e_end_q    <= end_pass;
            plane_q    <= end_chunk ? 3'd0 : plane_q + 3'd1;
            at_q       <= end_pixel ? 14'd0 : at_q + 14'd1;
            if (end_chunk) begin
                rbuf_q <= rbuf_q + 2'd1;
                kc_q   <= end_pixel ? i_k_chunks : kc_q - 14'd1;
            end
            if (end_pixel) begin
                col_q  <= col_q + {{(CW-1){1'b0}}, 1'b1};
                left_q <= left_q - 20'd1;
            end
        end
        if (start) begin
            left_q    <= i_pixels;
            kc_q      <= i_k_chunks;
            plane_q   <= 3'd0;
            at_q      <= 14'd0;
            col_q     <= {CW{1'b0}};
            written_q <= 1'b0;
        end
        if (rst) begin
            used_q    <= 3'd0;
            wbuf_q    <= 2'd0;
            rbuf_q    <= 2'd0;
            key_q     <= 3'd0;
            e_valid_q <= 1'b0;
            written_q <= 1'b0;
        end
    end

    assign fill_we     = e_valid_q && fill_room;
    assign fill_col    = e_col_q;
    assign fill_addr   = e_addr_q;
    assign fill_data   = e_data_q;
    assign fill_commit = taken && e_commit_q;
    assign pending     = e_valid_q;
    assign written     = written_q;

endmodule

`resetall
