// n3h_load_x: feature-map rows from DRAM into the raw ring.
//
// Row r (i_x_beats >= 1 beats from i_dram + r*i_y_stride beats) goes to the next c_row_words words
// of the ring, beat b in slice b % (RAW_W/AXI_W) of word b / (RAW_W/AXI_W). A row is asked for
// when all of its words have room; `x_done` moves by c_row_words with the row's last beat, in the
// cycle in which that beat can first be read. c_row_words * (RAW_W/AXI_W) >= i_x_beats.
// `done` comes two cycles after the last beat (no rows: after the start).
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_load_x #(
    parameter integer AXI_W     = 64,
    parameter integer RAW_W     = 64,       // a multiple of AXI_W
    parameter integer RAW_DEPTH = 1024
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
    input  wire [13:0]                  c_row_words,

    output wire                         req_valid,
    input  wire                         req_ready,
    output wire [31:0]                  req_addr,
    output wire [15:0]                  req_beats,
    input  wire                         rsp_valid,
    input  wire [AXI_W-1:0]             rsp_data,

    output wire                         raw_we,
    output wire [$clog2(RAW_DEPTH)-1:0] raw_addr,
    output wire [RAW_W/AXI_W-1:0]       raw_slice_en,
    output wire [AXI_W-1:0]             raw_data,       // the same for every slice

    output wire [31:0]                  x_done,
    input  wire [31:0]                  x_freed
);

    localparam integer AW = $clog2(RAW_DEPTH);
    localparam integer SL = RAW_W / AXI_W;

    reg          active_q, done_q;
    reg  [31:0]  asked_q, need_q;       // ring words asked for; the same after the next row
    reg  [1:0]   settle_q;              // need_q and fits_q follow asked_q by one cycle each
    reg          fits_q;
    reg  [31:0]  words_q;               // published
    reg  [AW-1:0] at_q;                 // word being filled
    reg  [SL-1:0] slice_q;
    reg  [15:0]  beats_q;               // left in the row, the next one included
    reg  [11:0]  rows_q;                // left to arrive

    wire         row_valid, row_ready;
    wire [31:0]  used     = need_q - x_freed;
    wire         row_last = rsp_valid && (beats_q == 16'd1);
    wire [31:0]  words_d  = words_q + {18'd0, c_row_words};

    n3h_dma_walk #(.AXI_W(AXI_W)) u_walk (
        .clk      (clk),
        .rst      (rst),
        .start    (start),
        .dram     (i_dram),
        .rows     (i_y_cnt),
        .y_stride (i_y_stride),
        .segs     (12'd1),
        .p_stride (20'd0),
        .m_valid  (row_valid),
        .m_ready  (row_ready),
        .m_addr   (req_addr)
    );

    assign req_valid = row_valid && settle_q[1] && fits_q;
    assign row_ready = req_valid && req_ready;
    assign req_beats = i_x_beats;

    always @(posedge clk) begin
        // room for the next row, in two steps; it only grows until the row is asked for. The
        // reader may have left rows it does not need before they are written (used < 0).
        need_q   <= asked_q + {18'd0, c_row_words};
        fits_q   <= used[31] || (used <= RAW_DEPTH);
        settle_q <= {settle_q[0], 1'b1};
        if (row_ready) begin
            asked_q  <= need_q;
            settle_q <= 2'd0;
        end

        done_q <= active_q && (rows_q == 12'd0);
        if (active_q && (rows_q == 12'd0)) active_q <= 1'b0;
        if (rsp_valid) begin
            beats_q <= beats_q - 1'b1;
            if (slice_q[SL-1]) at_q <= at_q + 1'b1;
            slice_q <= slice_next(slice_q);
        end
        if (row_last) begin
            beats_q <= i_x_beats;
            rows_q  <= rows_q - 1'b1;
            words_q <= words_d;
            at_q    <= words_d[AW-1:0];
            slice_q <= {{SL-1{1'b0}}, 1'b1};
        end
        if (start) begin
            active_q <= 1'b1;
            beats_q  <= i_x_beats;
            rows_q   <= i_y_cnt;
            settle_q <= 2'd0;
        end
        if (rst) begin
            active_q <= 1'b0;
            done_q   <= 1'b0;
            asked_q  <= 32'd0;
            words_q  <= 32'd0;
            at_q     <= {AW{1'b0}};
            slice_q  <= {{SL-1{1'b0}}, 1'b1};
        end
    end

    function automatic [SL-1:0] slice_next;     // one-hot, round
        input [SL-1:0] s;
        integer i;
        begin
            slice_next[0] = s[SL-1];
            for (i = 1; i < SL; i = i + 1) slice_next[i] = s[i-1];
        end
    endfunction

    assign done         = done_q;
    assign stall        = active_q && !rsp_valid;
    assign raw_we       = rsp_valid;
    assign raw_addr     = at_q;
    assign raw_slice_en = slice_q;
    assign raw_data     = rsp_data;
    assign x_done       = words_q;

endmodule

`resetall
