// n3h_load_r: residual codes from DRAM into the residual ring, one byte per code.
//
// Segment s of row r is i_x_beats (>= 1) beats at i_dram + (r*i_y_stride + s*c_p_stride) beats,
// codes in containers of 2^c_cont bits. Its first c_seg_words words of LANES codes go to the ring,
// zero- or sign-extended; c_segs segments per row, i_y_cnt rows. `rsd_done` counts the words that
// may be read; a word is written when both readers have left its place (rsd_freed_*). Beats are
// asked for as the queue has room, so a full ring holds this engine and not the bus. `done` comes
// after the last write and the last beat (no rows or segments: after the start).
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_load_r #(
    parameter integer AXI_W     = 64,
    parameter integer BURST     = 16,
    parameter integer LANES     = 1,
    parameter integer RES_DEPTH = 2048
) (
    input  wire                         clk,
    input  wire                         rst,            // synchronous, active high

    input  wire                         start,
    output wire                         done,
    output wire                         stall,
    input  wire [31:0]                  i_dram,
    input  wire [15:0]                  i_x_beats,
    input  wire [11:0]                  i_y_cnt,
    input  wire [19:0]                  i_y_stride,
    input  wire [11:0]                  c_segs,
    input  wire [19:0]                  c_p_stride,
    input  wire [15:0]                  c_seg_words,
    input  wire [1:0]                   c_cont,
    input  wire                         c_sext,

    output wire                         req_valid,
    input  wire                         req_ready,
    output wire [31:0]                  req_addr,
    output wire [15:0]                  req_beats,
    input  wire                         rsp_valid,
    input  wire [AXI_W-1:0]             rsp_data,

    output wire                         rsd_we,
    output wire [$clog2(RES_DEPTH)-1:0] rsd_addr,
    output wire [LANES*8-1:0]           rsd_data,
    output wire [31:0]                  rsd_done,
    input  wire [31:0]                  rsd_freed_l,
    input  wire [31:0]                  rsd_freed_d
);

    localparam integer AW = $clog2(RES_DEPTH);

    wire             walk_valid, walk_ready;
    wire [31:0]      walk_addr;
    wire [AXI_W-1:0] beat;
    wire             beat_valid, beat_ready;
    wire             word_valid, word_last, empty;

    n3h_dma_walk #(.AXI_W(AXI_W)) u_walk (
        .clk      (clk),
        .rst      (rst),
        .start    (start),
        .dram     (i_dram),
        .rows     (i_y_cnt),
        .y_stride (i_y_stride),
        .segs     (c_segs),
        .p_stride (c_p_stride),
        .m_valid  (walk_valid),
        .m_ready  (walk_ready),
        .m_addr   (walk_addr)
    );

    n3h_dma_stream #(.AXI_W(AXI_W), .CHUNK(BURST > 32 ? 32 : BURST), .DEPTH(64)) u_stream (
        .clk       (clk),
        .rst       (rst),
        .s_valid   (walk_valid),
        .s_ready   (walk_ready),
        .s_addr    (walk_addr),
        .s_beats   (i_x_beats),
        .req_valid (req_valid),
        .req_ready (req_ready),
        .req_addr  (req_addr),
        .req_beats (req_beats),
        .rsp_valid (rsp_valid),
        .rsp_data  (rsp_data),
        .m_data    (beat),
        .m_valid   (beat_valid),
        .m_ready   (beat_ready)
    );

    n3h_unpack #(.AXI_W(AXI_W), .LANES(LANES)) u_unpack (
        .clk       (clk),
        .rst       (rst),
        .start     (start),
        .x_beats   (i_x_beats),
        .seg_words (c_seg_words),
        .cont      (c_cont),
        .sext      (c_sext),
        .s_data    (beat),
        .s_valid   (beat_valid),
        .s_ready   (beat_ready),
        .m_data    (rsd_data),
        .m_valid   (word_valid),
        .m_last    (word_last),
        .m_ready   (room_q),
        .empty     (empty)
    );

    reg         active_q, done_q;
    reg         tail_q, none_q;         // the last word is written; there is none
    reg         room_q;                 // word `words_q` may be written
    reg  [31:0] words_q;
    reg  [11:0] segs_q, rows_q;         // to come, the current one included

    wire        write  = word_valid && room_q;
    wire [31:0] used_l = words_q - rsd_freed_l;
    wire [31:0] used_d = words_q - rsd_freed_d;
    wire        fits_l = fits(used_l, write);
    wire        fits_d = fits(used_d, write);
    wire        finish = active_q && (none_q || (tail_q && empty));
    wire        last   = write && word_last && (segs_q == 12'd1) && (rows_q == 12'd1);

    always @(posedge clk) begin
        room_q <= fits_l && fits_d;
        if (write) begin
            words_q <= words_q + 1'b1;
            if (word_last) begin
                segs_q <= (segs_q == 12'd1) ? c_segs : segs_q - 1'b1;
                if (segs_q == 12'd1) rows_q <= rows_q - 1'b1;
            end
        end
        // after the last word only beats to be dropped can be left
        if (last) tail_q <= 1'b1;
        done_q <= finish;
        if (finish) active_q <= 1'b0;
        if (start) begin
            active_q <= 1'b1;
            tail_q   <= 1'b0;
            none_q   <= (i_y_cnt == 12'd0) || (c_segs == 12'd0);
            segs_q   <= c_segs;
            rows_q   <= i_y_cnt;
        end
        if (rst) begin
            active_q <= 1'b0;
            done_q   <= 1'b0;
            tail_q   <= 1'b0;
            room_q   <= 1'b0;
            words_q  <= 32'd0;
        end
    end

    // room for one word more than is used now, or than will be after this cycle's write; a reader
    // without filters in a pass has left its words before they are written (used < 0)
    function automatic fits;
        input [31:0] used;
        input        more;
        fits = used[31]
            || ((used[31:AW] == {32-AW{1'b0}}) && !(more && (used[AW-1:0] == {AW{1'b1}})));
    endfunction

    assign done     = done_q;
    assign stall    = active_q && !write;
    assign rsd_we   = write;
    assign rsd_addr = words_q[AW-1:0];
    assign rsd_done = words_q;

endmodule

`resetall
