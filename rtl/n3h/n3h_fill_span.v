// n3h_fill_span: cuts runs into spans of pad codes and spans of raw bits.
//
// A run of `c_run_bits` bits becomes up to three spans in this order: pad left of the map, raw
// bits, pad right of the map; one that lies outside the map becomes one span of pad. Empty spans
// cost nothing: one span leaves per cycle. Raw spans are addressed in words of DK bits
// (SUB = RAW_W / DK to a raw-ring word): `span_addr` is the first, `span_off` the first bit in
// it, `span_end` = offset + length, `span_len` the low bits of the length.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_fill_span #(
    parameter integer LK = 6,        // log2 of DK
    parameter integer SW = 0,        // log2 of the DK words in a raw-ring word
    parameter integer AW = 10        // address bits of the raw ring
) (
    input  wire               clk,
    input  wire               rst,   // synchronous, active high

    input  wire        [11:0] c_in_w,
    input  wire        [11:0] c_in_h,
    input  wire               c_merged,
    input  wire        [19:0] c_run_bits,

    input  wire               run_valid,
    output wire               run_ready,
    input  wire signed [26:0] run_x,
    input  wire signed [26:0] run_over,
    input  wire signed [15:0] run_y,
    input  wire signed [15:0] run_col,
    input  wire [AW-1:0]      run_row,
    input  wire               run_eop,
    input  wire               run_eor,
    input  wire               run_eol,

    output wire               span_valid,
    input  wire               span_ready,
    output wire               span_pad,
    output wire [AW+SW-1:0]   span_addr,
    output wire [LK-1:0]      span_off,
    output wire [LK:0]        span_len,     // exact where the span lies in one word
    output wire [20:0]        span_end,
    output wire               span_eop,     // last span of the pixel
    output wire               span_eor,
    output wire               span_eol
);

    localparam integer UW = AW + SW;

    wire signed [26:0] run_bits = $signed({7'd0, c_run_bits});

    // --- a: is it inside the map, and what sticks out ---------------------------------------
    reg               a_valid_q, a_out_q, a_neg_q, a_tail_q;
    reg signed [26:0] a_nx_q, a_over_q;
    reg [LK+UW-1:0]   a_pos_q;
    reg [AW-1:0]      a_row_q;
    reg [2:0]         a_mark_q, b_mark_q, c_mark_q;             // {eol, eor, eop}
    wire in_y   = !run_y[15] && run_y[14:0] < {3'd0, c_in_h};
    wire in_col = !run_col[15] && run_col[14:0] < {3'd0, c_in_w};

    // --- b: clamp to the run ----------------------------------------------------------------
    reg               b_valid_q, b_lead_q, b_full_q, b_tail_q, b_tfull_q;
    reg [19:0]        b_nx_q, b_over_q, b_rest_q;
    reg [LK+UW-1:0]   b_pos_q;
    reg [AW-1:0]      b_row_q;

    // --- c: three lengths, at most one of them taken per cycle -------------------------------
    reg               c_valid_q, c_lead_q, c_raw_q, c_tail_q;
    reg [19:0]        c_nlead_q, c_nraw_q, c_ntail_q;
    reg [UW-1:0]      c_addr_q;
    reg [LK-1:0]      c_off_q;

    // --- s, r: the span shown and one in reserve, so that `span_ready` ends here --------------
    localparam integer BITS = UW + 2 * LK + 26;
    reg               s_valid_q, r_valid_q;
    reg [BITS-1:0]    s_q, r_q;

    wire take_raw = !c_lead_q && c_raw_q;
    wire c_last   = c_lead_q ? !c_raw_q && !c_tail_q : !(c_raw_q && c_tail_q);
    wire s_move   = !s_valid_q || span_ready;
    wire step     = !c_valid_q || (!r_valid_q && c_last);

    wire [19:0]   len = c_lead_q ? c_nlead_q : c_raw_q ? c_nraw_q : c_ntail_q;
    wire [LK-1:0] off = take_raw ? c_off_q : {LK{1'b0}};
    wire [20:0]   close = {1'b0, len} + {{(21-LK){1'b0}}, off};
    wire [BITS-1:0] span = {!take_raw, c_addr_q, off, len[LK:0], close, c_last ? c_mark_q : 3'd0};

    always @(posedge clk) begin
        if (step) begin
            a_valid_q <= run_valid;
            a_out_q   <= !in_y || !(c_merged || in_col);
            a_neg_q   <= run_x[26];
            a_tail_q  <= c_merged && run_over > 27'sd0;
            a_pos_q   <= run_x[LK+UW-1:0];
            a_nx_q    <= -run_x;
            a_over_q  <= run_over;
            a_row_q   <= run_row;
            a_mark_q  <= {run_eol, run_eor, run_eop};

            b_valid_q <= a_valid_q;
            b_lead_q  <= a_out_q || a_neg_q;
            b_full_q  <= a_out_q || (a_neg_q && a_nx_q >= run_bits);
            b_tail_q  <= !a_out_q && a_tail_q;
            b_tfull_q <= !a_out_q && a_tail_q && a_over_q >= run_bits;
            b_nx_q    <= a_nx_q[19:0];
            b_over_q  <= a_over_q[19:0];
            b_rest_q  <= a_neg_q ? c_run_bits - a_nx_q[19:0] : c_run_bits;
            b_pos_q   <= a_neg_q ? {(LK+UW){1'b0}} : a_pos_q;
            b_row_q   <= a_row_q;
            b_mark_q  <= a_mark_q;

            c_valid_q <= b_valid_q;
            c_lead_q  <= b_lead_q;
            c_raw_q   <= !b_full_q && !b_tfull_q;
            c_tail_q  <= b_tail_q;
            c_nlead_q <= b_full_q ? c_run_bits : b_nx_q;
            c_nraw_q  <= b_rest_q - (b_tail_q ? b_over_q : 20'd0);
            c_ntail_q <= b_tfull_q ? c_run_bits : b_over_q;
            c_addr_q  <= ({{SW{1'b0}}, b_row_q} << SW) + b_pos_q[LK +: UW];
            c_off_q   <= b_pos_q[LK-1:0];
            c_mark_q  <= b_mark_q;
        end else if (!r_valid_q) begin
            c_lead_q  <= 1'b0;
            c_raw_q   <= c_lead_q && c_raw_q;
        end
        if (s_move) begin
            s_valid_q <= r_valid_q || c_valid_q;
            s_q       <= r_valid_q ? r_q : span;
            r_valid_q <= 1'b0;
        end else if (!r_valid_q) begin
            r_valid_q <= c_valid_q;
            r_q       <= span;
        end
        if (rst) begin
            a_valid_q <= 1'b0;
            b_valid_q <= 1'b0;
            c_valid_q <= 1'b0;
            s_valid_q <= 1'b0;
            r_valid_q <= 1'b0;
        end
    end

    assign run_ready  = step;
    assign span_valid = s_valid_q;
    assign {span_pad, span_addr, span_off, span_len, span_end, span_eol, span_eor, span_eop} = s_q;

endmodule

`resetall
