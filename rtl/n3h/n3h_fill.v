// n3h_fill: raw feature-map rows to bit planes in the operand ring (im2col on chip).
//
// One `start` runs one pass: for each of `i_pixels` output pixels the kernel window is gathered
// from the raw ring (pad codes outside the map), cut into `i_k_chunks` chunks of DK elements and
// written as `i_a_bits_m1` + 1 planes per chunk to entry chunk * a_bits + plane of column
// (pixel mod DM) of the tile's slot. Fields are stable from `start` until `done`.
//
// Throughput: one DK-bit word in and one plane out per cycle, overlapped over pixels; a pixel
// takes max(k_chunks * a_bits, DK-bit words touched by its runs, + 1 if its last piece passes the
// end of a lane) cycles. The first plane follows `start` by about 18 cycles.
//
// Raw rows are read after `x_done` has passed them; `x_freed` advances over rows not read again,
// except with `i_keep`. `stall` is high while the ring holds the engine or a row is missing.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill #(
    parameter integer DM        = 4,     // pixels per row tile
    parameter integer DK        = 64,    // elements per chunk, bits per plane word
    parameter integer RAW_W     = 64,    // bits of a raw-ring word; a multiple of DK
    parameter integer RAW_DEPTH = 1024   // words of the raw ring; a power of two
) (
    input  wire                         clk,
    input  wire                         rst,     // synchronous, active high
    input  wire                         start,
    output wire                         done,
    output wire                         stall,

    input  wire        [19:0]           i_pixels,
    input  wire        [13:0]           i_k_chunks,
    input  wire        [2:0]            i_a_bits_m1,
    input  wire        [13:0]           i_slot,
    input  wire                         i_use_l,
    input  wire                         i_use_d,
    input  wire                         i_keep,
    input  wire        [11:0]           c_in_w,
    input  wire        [11:0]           c_in_h,
    input  wire        [11:0]           c_out_w,
    input  wire        [3:0]            c_k_h,
    input  wire        [3:0]            c_s_h,
    input  wire        [3:0]            c_d_h,
    input  wire        [3:0]            c_pad_t,
    input  wire        [3:0]            c_s_w,
    input  wire        [3:0]            c_d_w,
    input  wire        [3:0]            c_pad_l,
    input  wire        [3:0]            c_runs,
    input  wire                         c_merged,
    input  wire        [1:0]            c_cont,
    input  wire        [7:0]            c_zin,
    input  wire        [13:0]           c_row_words,
    input  wire        [19:0]           c_run_bits,
    input  wire        [19:0]           c_step_bits,
    input  wire        [19:0]           c_tap_bits,
    input  wire        [19:0]           c_base_bits,
    input  wire        [19:0]           c_left_bits,
    input  wire signed [20:0]           c_right_bits,
    input  wire        [17:0]           c_sh_words,
    input  wire        [17:0]           c_dh_words,
    input  wire        [17:0]           c_pt_words,

    output wire                         raw_re,
    output wire [$clog2(RAW_DEPTH)-1:0] raw_addr,
    input  wire [RAW_W-1:0]             raw_data,   // one cycle after `raw_re`, held
    input  wire [31:0]                  x_done,
    output wire [31:0]                  x_freed,

    output wire                         fill_open,
    output wire                         fill_use_l,
    output wire                         fill_use_d,
    output wire [13:0]                  fill_slot,
    input  wire                         fill_room,
    output wire                         fill_we,
    output wire [$clog2(DM)-1:0]        fill_col,
    output wire [13:0]                  fill_addr,
    output wire [DK-1:0]                fill_data,
    input  wire                         fill_ready,
    output wire                         fill_commit
);

    localparam integer AW = $clog2(RAW_DEPTH);
    localparam integer LK = $clog2(DK);
    localparam integer SW = $clog2(RAW_W) - LK;

    // --- pass control -----------------------------------------------------------------------
    reg  busy_q, done_q, stall_q;
    wire written, pending, waiting, settled;
    wire last = busy_q && written && settled;

    always @(posedge clk) begin
        done_q  <= last;
        stall_q <= busy_q && !last
                && (pending ? !(fill_room && fill_ready) : waiting || written);
        if (last)
            busy_q <= 1'b0;
        if (start)
            busy_q <= 1'b1;
        if (rst) begin
            busy_q  <= 1'b0;
            done_q  <= 1'b0;
            stall_q <= 1'b0;
        end
    end

    assign done       = done_q;
    assign stall      = stall_q;
    assign fill_open  = busy_q;
    assign fill_use_l = i_use_l;
    assign fill_use_d = i_use_d;
    assign fill_slot  = i_slot;

    // --- raw rows ---------------------------------------------------------------------------
    wire        row_read, pass_read, rows_all;
    wire [11:0] rows_in;

    n3h_fill_rows u_rows (
        .clk         (clk),
        .rst         (rst),
        .start       (start),
        .busy        (busy_q),
        .i_keep      (i_keep),
        .c_in_h      (c_in_h),
        .c_s_h       (c_s_h),
        .c_pad_t     (c_pad_t),
        .c_row_words (c_row_words),
        .x_done      (x_done),
        .x_freed     (x_freed),
        .row_read    (row_read),
        .pass_read   (pass_read),
        .rows_in     (rows_in),
        .rows_all    (rows_all),
        .settled     (settled)
    );

    // --- positions, spans, lanes, planes ----------------------------------------------------
    wire               run_valid, run_ready, run_eop, run_eor, run_eol;
    wire signed [26:0] run_x, run_over;
    wire signed [15:0] run_y, run_col;
    wire [AW-1:0]      run_row;

    n3h_fill_walk #(
        .AW (AW)
    ) u_walk (
        .clk          (clk),
        .rst          (rst),
        .start        (start),
        .i_pixels     (i_pixels),
        .c_out_w      (c_out_w),
        .c_k_h        (c_k_h),
        .c_s_h        (c_s_h),
        .c_d_h        (c_d_h),
        .c_pad_t      (c_pad_t),
        .c_s_w        (c_s_w),
        .c_d_w        (c_d_w),
        .c_pad_l      (c_pad_l),
        .c_runs       (c_runs),
        .c_step_bits  (c_step_bits),
        .c_tap_bits   (c_tap_bits),
        .c_base_bits  (c_base_bits),
        .c_left_bits  (c_left_bits),
        .c_right_bits (c_right_bits),
        .sh_words     (c_sh_words[AW-1:0]),
        .dh_words     (c_dh_words[AW-1:0]),
        .pt_words     (c_pt_words[AW-1:0]),
        .map_base     (x_freed[AW-1:0]),
        .rows_in      (rows_in),
        .rows_all     (rows_all),
        .waiting      (waiting),
        .run_valid    (run_valid),
        .run_ready    (run_ready),
        .run_x        (run_x),
        .run_over     (run_over),
        .run_y        (run_y),
        .run_col      (run_col),
        .run_row      (run_row),
        .run_eop      (run_eop),
        .run_eor      (run_eor),
        .run_eol      (run_eol)
    );

    wire             span_valid, span_ready, span_pad, span_eop, span_eor, span_eol;
    wire [AW+SW-1:0] span_addr;
    wire [LK-1:0]    span_off;
    wire [LK:0]      span_len;
    wire [20:0]      span_end;

    n3h_fill_span #(
        .LK (LK),
        .SW (SW),
        .AW (AW)
    ) u_span (
        .clk        (clk),
        .rst        (rst),
        .c_in_w     (c_in_w),
        .c_in_h     (c_in_h),
        .c_merged   (c_merged),
        .c_run_bits (c_run_bits),
        .run_valid  (run_valid),
        .run_ready  (run_ready),
        .run_x      (run_x),
        .run_over   (run_over),
        .run_y      (run_y),
        .run_col    (run_col),
        .run_row    (run_row),
        .run_eop    (run_eop),
        .run_eor    (run_eor),
        .run_eol    (run_eol),
        .span_valid (span_valid),
        .span_ready (span_ready),
        .span_pad   (span_pad),
        .span_addr  (span_addr),
        .span_off   (span_off),
        .span_len   (span_len),
        .span_end   (span_end),
        .span_eop   (span_eop),
        .span_eor   (span_eor),
        .span_eol   (span_eol)
    );

    wire          lane_valid, lane_ready, lane_eop;
    wire [DK-1:0] lane_data;

    n3h_fill_gather #(
        .LK (LK),
        .SW (SW),
        .AW (AW)
    ) u_gather (
        .clk        (clk),
        .rst        (rst),
        .start      (start),
        .c_cont     (c_cont),
        .c_zin      (c_zin),
        .span_valid (span_valid),
        .span_ready (span_ready),
        .span_pad   (span_pad),
        .span_addr  (span_addr),
        .span_off   (span_off),
        .span_len   (span_len),
        .span_end   (span_end),
        .span_eop   (span_eop),
        .span_eor   (span_eor),
        .span_eol   (span_eol),
        .raw_re     (raw_re),
        .raw_addr   (raw_addr),
        .raw_data   (raw_data),
        .row_read   (row_read),
        .pass_read  (pass_read),
        .lane_valid (lane_valid),
        .lane_ready (lane_ready),
        .lane_data  (lane_data),
        .lane_eop   (lane_eop)
    );

    n3h_fill_planes #(
        .DM (DM),
        .DK (DK)
    ) u_planes (
        .clk         (clk),
        .rst         (rst),
        .start       (start),
        .i_pixels    (i_pixels),
        .i_k_chunks  (i_k_chunks),
        .i_a_bits_m1 (i_a_bits_m1),
        .c_cont      (c_cont),
        .lane_valid  (lane_valid),
        .lane_ready  (lane_ready),
        .lane_data   (lane_data),
        .lane_eop    (lane_eop),
        .fill_room   (fill_room),
        .fill_ready  (fill_ready),
        .fill_we     (fill_we),
        .fill_col    (fill_col),
        .fill_addr   (fill_addr),
        .fill_data   (fill_data),
        .fill_commit (fill_commit),
        .pending     (pending),
        .written     (written)
    );

    // Words of the raw ring are addressed modulo its depth.
    wire unused_bits = &{1'b0, c_sh_words[17:AW], c_dh_words[17:AW], c_pt_words[17:AW]};

endmodule

`resetall
