// n3h_store: output rows of a pass from the collector through pooling to DRAM.
//
// One element of a pooling window (one word without pooling) is read per cycle, as soon as both
// POST contexts have passed it; the codes are packed to containers and written as `i_rows` rows of
// `i_segs` segments, each of `c_seg_words` words in `c_seg_beats` beats, zero-filled. Every window
// holds at least one element of the map. `done` follows when every write has been answered and the
// whole map is freed.
//
// `col_freed` never passes the contexts (rows that no window uses are freed as they fill): without
// pooling it follows the reads word by word, with pooling it moves to the first row of the next
// output row's windows when an output row has been read, at the end to the end of the map. It
// changes one cycle after the read at the earliest, so the freed word may be rewritten at once.
//
// The collector (col_*) has a registered read. Payload and bank fields as in the instruction set,
// stable from `start` to `done`. `stall`: a cycle without element read and without beat written.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_store #(
    parameter integer LANES     = 1,
    parameter integer COL_DEPTH = 4096,
    parameter integer AXI_W     = 64
) (
    input  wire                         clk,
    input  wire                         rst,        // synchronous, active high

    input  wire                         start,
    output wire                         done,
    output wire                         stall,
    input  wire [31:0]                  i_dram,
    input  wire [11:0]                  i_rows,
    input  wire [19:0]                  i_y_stride,
    input  wire [11:0]                  i_segs,
    input  wire [19:0]                  i_p_stride,
    input  wire [1:0]                   i_cont,
    input  wire [11:0]                  c_in_w,
    input  wire [11:0]                  c_in_h,
    input  wire [11:0]                  c_out_w,
    input  wire [11:0]                  c_gpp,
    input  wire [15:0]                  c_seg_words,
    input  wire [13:0]                  c_seg_beats,
    input  wire [1:0]                   c_mode,     // 0 none, 1 maximum, 2 average
    input  wire [3:0]                   c_k_h,
    input  wire [3:0]                   c_k_w,
    input  wire [3:0]                   c_s_h,
    input  wire [3:0]                   c_s_w,
    input  wire [3:0]                   c_pad_t,
    input  wire [3:0]                   c_pad_l,
    input  wire                         c_code_signed,
    input  wire                         c_count_pad,
    input  wire [8:0]                   c_z_in,
    input  wire [8:0]                   c_z_out,
    input  wire [8:0]                   c_lo,
    input  wire [8:0]                   c_hi,

    input  wire                         table_we,
    input  wire [7:0]                   table_addr,
    input  wire [21:0]                  table_data,

    output wire                         col_re,
    output wire [$clog2(COL_DEPTH)-1:0] col_addr,
    input  wire [LANES*8-1:0]           col_data,
    input  wire [31:0]                  col_done_l,
    input  wire [31:0]                  col_done_d,
    output wire [31:0]                  col_freed,

    output wire                         req_valid,
    input  wire                         req_ready,
    output wire [31:0]                  req_addr,
    output wire [15:0]                  req_beats,
    output wire                         w_valid,
    input  wire                         w_ready,
    output wire [AXI_W-1:0]             w_data,
    input  wire                         idle        // no write is outstanding
);

    localparam integer CA    = $clog2(COL_DEPTH);
    localparam integer SLOTS = 32;      // words between reader and packer; the way takes 17 cycles

    // ---- pass
    reg         geom_q, run_q, end_q, all_freed_q, done_q, stall_q;
    reg  [31:0] base_q;
    wire        ready;
    wire [31:0] row, step_y, skip_y, total, step_x, skip_x;
    wire [7:0]  window;
    wire        begin_run = geom_q && ready;
    wire        drained, addr_busy;
    wire        written   = drained && !addr_busy && !w_valid && idle;
    wire        finish    = run_q && end_q && all_freed_q && written;
    wire        pooled    = c_mode != 2'd0;
    wire [3:0]  k_h       = pooled ? c_k_h : 4'd1;      // else 1 x 1 windows, stride 1, no padding
    wire [3:0]  k_w       = pooled ? c_k_w : 4'd1;
    wire [3:0]  s_h       = pooled ? c_s_h : 4'd1;
    wire [3:0]  s_w       = pooled ? c_s_w : 4'd1;
    wire [3:0]  pad_t     = pooled ? c_pad_t : 4'd0;
    wire [3:0]  pad_l     = pooled ? c_pad_l : 4'd0;

    n3h_store_geom u_geom (
        .clk(clk), .rst(rst), .start(start), .in_w(c_in_w), .in_h(c_in_h), .gpp(c_gpp),
        .k_h(k_h), .k_w(k_w), .s_h(s_h), .s_w(s_w), .pad_t(pad_t), .pad_l(pad_l),
        .ready(ready), .row(row), .step_y(step_y), .skip_y(skip_y), .total(total),
        .step_x(step_x), .skip_x(skip_x), .window(window)
    );

    // ---- elements
    wire        el_valid, el_inside, el_first, el_last, el_row_end, el_end;
    wire [31:0] el_word, next_row;
    reg  [31:0] passed_q;               // both contexts have written all words below
    reg  [5:0]  slots_q;                // free slots
    wire [31:0] lead    = el_word - passed_q;
    wire [31:0] between = col_done_l - col_done_d;
    wire        el_go   = el_valid && (!el_inside || lead[31])
                          && (!el_first || slots_q != 6'd0);

    n3h_store_walk u_walk (
        .clk(clk), .rst(rst), .start(begin_run), .first(base_q), .rows(i_rows), .out_w(c_out_w),
        .in_w(c_in_w), .in_h(c_in_h), .gpp(c_gpp), .k_h(k_h), .k_w(k_w), .s_h(s_h), .s_w(s_w),
        .pad_t(pad_t), .pad_l(pad_l), .row(row), .step_y(step_y), .skip_y(skip_y),
        .step_x(step_x), .skip_x(skip_x),
        .el_valid(el_valid), .el_go(el_go), .el_word(el_word), .el_inside(el_inside),
        .el_first(el_first), .el_last(el_last), .el_row_end(el_row_end), .el_end(el_end),
        .next_row(next_row)
    );

    // ---- what may be freed: up to the goal, never beyond what both contexts have passed
    reg  [31:0] goal_q, freed_q, map_end_q;
    wire [31:0] beyond  = passed_q - goal_q;

    // ---- read, and what its data need one cycle later
    reg          re_q, c_v_q, c_in_q, c_first_q, c_last_q, p_v_q, p_in_q, p_first_q, p_last_q;
    reg [CA-1:0] addr_q;
    wire         pop;
    wire         unused = &{1'b0, lead[30:0], between[30:0], beyond[30:0]};

    always @(posedge clk) begin
        passed_q <= between[31] ? col_done_l : col_done_d;
        freed_q  <= beyond[31] ? passed_q : goal_q;
        slots_q  <= slots_q - {5'd0, el_go && el_first} + {5'd0, pop};
        if (el_go) begin
            if (el_end)          goal_q <= map_end_q;
            else if (!pooled)    goal_q <= el_word + 32'd1;
            else if (el_row_end) goal_q <= next_row;
        end
        re_q   <= el_go && el_inside;
        addr_q <= el_word[CA-1:0];
        {c_v_q, c_in_q, c_first_q, c_last_q} <= {el_go, el_inside, el_first, el_last};
        {p_v_q, p_in_q, p_first_q, p_last_q} <= {c_v_q, c_in_q, c_first_q, c_last_q};

        geom_q  <= start || (geom_q && !ready);
        run_q   <= begin_run || (run_q && !finish);
        end_q   <= run_q && (end_q || (el_go && el_end));
        map_end_q   <= base_q + total;
        all_freed_q <= freed_q == map_end_q;
        done_q  <= finish;
        stall_q <= run_q && !el_go && !(w_valid && w_ready);
        if (finish) base_q <= map_end_q;
        if (rst) begin
            passed_q <= 32'd0;
            freed_q  <= 32'd0;
            goal_q   <= 32'd0;
            base_q   <= 32'd0;
            slots_q  <= SLOTS[5:0];
            re_q     <= 1'b0;
            c_v_q    <= 1'b0;
            p_v_q    <= 1'b0;
            geom_q   <= 1'b0;
            run_q    <= 1'b0;
            end_q    <= 1'b0;
            done_q   <= 1'b0;
            stall_q  <= 1'b0;
        end
    end

    // ---- codes
    wire               pool_valid, fifo_valid, fifo_pop;
    wire [LANES*8-1:0] pool_data, fifo_data;
    wire [5:0]         unused_level;
    wire               unused_ready;    // the slots see to it that there is room

    n3h_pool #(.LANES(LANES)) u_pool (
        .clk(clk), .rst(rst),
        .table_we(table_we), .table_addr(table_addr), .table_data(table_data),
        .average(c_mode == 2'd2), .code_signed(c_code_signed), .count_pad(c_count_pad),
        .window(window), .z_in(c_z_in), .z_out(c_z_out), .lo(c_lo), .hi(c_hi),
        .s_valid(p_v_q), .s_first(p_first_q), .s_last(p_last_q), .s_inside(p_in_q),
        .s_data(col_data), .m_valid(pool_valid), .m_data(pool_data)
    );

    hw_fifo #(.WIDTH(LANES * 8), .DEPTH(SLOTS)) u_words (
        .clk(clk), .rst(rst), .s_data(pool_data), .s_valid(pool_valid), .s_ready(unused_ready),
        .m_data(fifo_data), .m_valid(fifo_valid), .m_ready(fifo_pop), .level(unused_level)
    );

    n3h_pack #(.LANES(LANES), .AXI_W(AXI_W)) u_pack (
        .clk(clk), .rst(rst), .cont(i_cont), .seg_words(c_seg_words),
        .s_data(fifo_data), .s_valid(fifo_valid), .s_ready(fifo_pop),
        .m_data(w_data), .m_valid(w_valid), .m_ready(w_ready)
    );

    n3h_store_addr #(.AXI_W(AXI_W)) u_addr (
        .clk(clk), .rst(rst), .start(begin_run), .busy(addr_busy), .dram(i_dram), .rows(i_rows),
        .y_stride(i_y_stride), .segs(i_segs), .p_stride(i_p_stride), .beats(c_seg_beats),
        .req_valid(req_valid), .req_ready(req_ready), .req_addr(req_addr), .req_beats(req_beats)
    );

    assign pop       = fifo_valid && fifo_pop;
    assign drained   = slots_q == SLOTS[5:0];
    assign done      = done_q;
    assign stall     = stall_q;
    assign col_re    = re_q;
    assign col_addr  = addr_q;
    assign col_freed = freed_q;

endmodule

`resetall
