// n3h_post_walk: the walk of one core's results through one POST context.
//
// A pass is walked tile by tile, in a tile column tile by column tile of D results, in a column
// tile pixel by pixel (those inside the pass), in a pixel group by group of LANES results (those
// below `i_g_cnt`). Every group becomes one request `req`, with all it needs beside it, once the
// collector has room for its whole pixel and, with `c_res_en`, the residual ring holds its whole
// pixel; `gnt` takes it and the next may follow in the next cycle.
//
// `col_done` moves to the end of a tile when the owner reports its last write with `wr_tile`, to
// the end of the pass with `wr_pass`; `done` comes with the latter. `rsd_freed` moves to the end
// of a tile one cycle after the owner has read its last residual word. A pass of no column tiles
// writes nothing and moves the pointers by `i_words` at once. Words are absolute; the running bases
// live here.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_post_walk #(
    parameter integer DM        = 4,    // pixels per tile
    parameter integer D         = 4,    // results per pixel and column tile; a multiple of LANES
    parameter integer TILED     = 1,    // 1: popping an item takes a whole tile, 0: one pixel
    parameter integer LANES     = 1,
    parameter integer COL_DEPTH = 4096,
    parameter integer RES_DEPTH = 2048,
    parameter integer PRM_DEPTH = 512
) (
    input  wire                         clk,
    input  wire                         rst,        // synchronous, active high

    input  wire                         start,
    output wire                         done,
    output wire                         stall,
    input  wire [19:0]                  i_pixels,
    input  wire [9:0]                   i_n_tiles,
    input  wire [11:0]                  i_g0,
    input  wire [11:0]                  i_g_cnt,
    input  wire [11:0]                  i_gpp,
    input  wire [11:0]                  i_p_base,
    input  wire [4:0]                   i_lane_lo,
    input  wire [4:0]                   i_lane_hi,
    input  wire [23:0]                  i_words,
    input  wire                         c_res_en,

    input  wire [31:0]                  col_freed,
    output wire [31:0]                  col_done,
    input  wire [31:0]                  rsd_done,
    output wire [31:0]                  rsd_freed,

    output wire                         req,
    input  wire                         gnt,
    output wire [$clog2(DM)-1:0]        req_m,      // pixel of the tile
    output wire [(D > LANES ? $clog2(D/LANES) : 1)-1:0]
                                        req_g,      // group of the column tile
    output wire                         req_pop,    // last group of the item
    output wire [$clog2(PRM_DEPTH)-1:0] req_prm,
    output wire [$clog2(RES_DEPTH)-1:0] req_rsd,
    output wire [$clog2(COL_DEPTH)-1:0] req_col,
    output wire [LANES-1:0]             req_be,     // lanes to write
    output wire                         req_tile,   // last group of the tile
    output wire                         req_pass,   // last group of the pass

    input  wire                         wr_tile,
    input  wire                         wr_pass
);

    localparam integer MW = $clog2(DM);
    localparam integer CA = $clog2(COL_DEPTH);
    localparam integer RA = $clog2(RES_DEPTH);
    localparam integer PA = $clog2(PRM_DEPTH);
    localparam integer WA = CA > RA ? CA : RA;
    localparam integer GT = D / LANES;                          // groups per column tile
    localparam integer GW = D > LANES ? $clog2(D / LANES) : 1;
    localparam [GW-1:0] J_LAST = GT[GW-1:0] - 1'b1;

    localparam [MW-1:0] M_LAST = {MW{1'b1}};
    localparam integer TAG_W = PA + MW + GW + 3;    // req_{prm,m,g,pop,tile,pass}

    // ---- pass: set up, run, end
    reg        set_q, set2_q, set3_q, done_q, stall_q, walk_q;
    reg [11:0] glast_q, gpre_q, ctpre_q;    // last group of this core; it less 1, less GT
    reg [31:0] cbase_q, rbase_q, delta_q, col_done_q, rsd_freed_q;
    reg        free_q;

    wire [31:0] words  = {8'd0, i_words};
    wire [31:0] tile_w = {{20-MW{1'b0}}, i_gpp, {MW{1'b0}}};    // words of a whole tile
    wire        skip   = set3_q && i_n_tiles == 10'd0;
    wire        finish = skip || wr_pass;

    always @(posedge clk) begin
        set_q   <= start;
        set2_q  <= set_q;
        set3_q  <= set2_q;
        done_q  <= finish;
        glast_q <= set_q ? i_g0 + i_g_cnt : set2_q ? glast_q - 12'd1 : glast_q;
        gpre_q  <= glast_q - 12'd1;
        ctpre_q <= glast_q - GT[11:0];
        delta_q <= rbase_q - cbase_q;
        free_q  <= gnt && req_tile && !req_pass && c_res_en;
        if (finish) begin
            cbase_q     <= cbase_q + words;
            col_done_q  <= cbase_q + words;
            rbase_q     <= rbase_q + (c_res_en ? words : 32'd0);
            rsd_freed_q <= rbase_q + (c_res_en ? words : 32'd0);
        end else begin
            if (wr_tile) col_done_q  <= col_done_q + tile_w;
            if (free_q)  rsd_freed_q <= rsd_freed_q + tile_w;
        end
        if (rst) begin
            set_q       <= 1'b0;
            set2_q      <= 1'b0;
            set3_q      <= 1'b0;
            done_q      <= 1'b0;
            free_q      <= 1'b0;
            cbase_q     <= 32'd0;
            col_done_q  <= 32'd0;
            rbase_q     <= 32'd0;
            rsd_freed_q <= 32'd0;
        end
    end

    // ---- stage A: the walk. Registers say where counters end, so that no comparison is in the way
    reg [9:0]    nt_q;                  // column tiles left, the current included
    reg [11:0]   ct_q, gg_q;            // group of the slice: first of the column tile, current
    reg [GW-1:0] j_q;
    reg [MW-1:0] i_q;
    reg [19:0]   left_q, tile_left_q;   // pixels left, the current included
    reg [31:0]   pix_q, tile_pix_q;     // first collector word of the pixel, of the tile
    reg          g_end_q;               // last group of the column tile
    reg          ct_end_q;              // the column tile's first group is its last
    reg          i_end_q;               // last pixel of the tile
    reg          nt_end_q;              // last column tile
    reg          left_end_q, tile_end_q;    // last pixel of the pass; the same of the tile's first

    localparam   ONE = (GT == 1);
    wire         b_ready;
    wire         a_go     = walk_q && b_ready;
    wire         t_end    = g_end_q && i_end_q && nt_end_q;
    wire         p_end    = t_end && left_end_q;
    wire         left_two = left_q == 20'd2;
    wire         g0_end   = ONE || i_g0 == glast_q;
    wire         ctn_end  = ONE || ct_q == ctpre_q;
    wire         nt_one   = i_n_tiles == 10'd1;
    wire [31:0]  pix_next = pix_q + {20'd0, i_gpp};
    wire [11:0]  ct_next  = ct_q + GT[11:0];

    always @(posedge clk) begin
        if (set3_q) begin
            walk_q      <= i_n_tiles != 10'd0;
            nt_q        <= i_n_tiles;
            ct_q        <= i_g0;
            gg_q        <= i_g0;
            j_q         <= {GW{1'b0}};
            i_q         <= {MW{1'b0}};
            left_q      <= i_pixels;
            tile_left_q <= i_pixels;
            pix_q       <= cbase_q;
            tile_pix_q  <= cbase_q;
            g_end_q     <= g0_end;
            ct_end_q    <= g0_end;
            nt_end_q    <= nt_one;
            i_end_q     <= i_pixels == 20'd1;
            left_end_q  <= i_pixels == 20'd1;
            tile_end_q  <= i_pixels == 20'd1;
        end else if (a_go) begin
            gg_q    <= gg_q + 12'd1;
            j_q     <= j_q + 1'b1;
            g_end_q <= j_q == J_LAST - 1'b1 || gg_q == gpre_q;
            if (g_end_q) begin              // next pixel
                gg_q       <= ct_q;
                j_q        <= {GW{1'b0}};
                g_end_q    <= ct_end_q;
                i_q        <= i_end_q ? {MW{1'b0}} : i_q + 1'b1;
                i_end_q    <= i_q == M_LAST - 1'b1 || left_two;
                left_q     <= left_q - 20'd1;
                left_end_q <= left_two;
                pix_q      <= pix_next;
            end
            if (g_end_q && i_end_q) begin   // next column tile: back to the tile's first pixel
                nt_q       <= nt_q - 10'd1;
                nt_end_q   <= nt_q == 10'd2;
                ct_q       <= ct_next;
                gg_q       <= ct_next;
                g_end_q    <= ctn_end;
                ct_end_q   <= ctn_end;
                left_q     <= tile_left_q;
                i_end_q    <= tile_end_q;
                left_end_q <= tile_end_q;
                pix_q      <= tile_pix_q;
            end
            if (t_end) begin                // next tile
                nt_q        <= i_n_tiles;
                nt_end_q    <= nt_one;
                ct_q        <= i_g0;
                gg_q        <= i_g0;
                g_end_q     <= g0_end;
                ct_end_q    <= g0_end;
                left_q      <= left_q - 20'd1;
                tile_left_q <= left_q - 20'd1;
                i_end_q     <= left_two;
                left_end_q  <= left_two;
                tile_end_q  <= left_two;
                pix_q       <= pix_next;
                tile_pix_q  <= pix_next;
            end
            if (p_end) walk_q <= 1'b0;
        end
        if (rst) walk_q <= 1'b0;
    end

    // ---- stage B: words. C waits for room in the collector, D for the residual; D is the request.
    // The comparisons (room: end - freed - 1 < COL_DEPTH) are made while a group enters and as long
    // as they fail; once true they stay true.
    reg              b_v_q, c_v_q, d_v_q;
    reg [WA-1:0]     b_word_q;
    reg [31:0]       b_end_q, c_end_q;          // word after the pixel, in the collector
    reg [31:0]       c_rsd_end_q, d_rsd_end_q;  // and in the residual ring
    reg              room_q, req_q;
    reg [TAG_W-1:0]  b_tag_q, c_tag_q, d_tag_q;
    reg              b_first_q, b_last_q;
    reg [CA-1:0]     c_col_q, d_col_q;
    reg [RA-1:0]     c_rsd_q, d_rsd_q;
    reg [LANES-1:0]  be_d, c_be_q, d_be_q;

    wire        pop     = g_end_q && (i_end_q || TILED == 0);
    wire [31:0] used    = (c_v_q && !room_q ? c_end_q : b_end_q) + ~col_freed;
    wire [31:0] lead    = rsd_done - (d_v_q && !req_q ? d_rsd_end_q : c_rsd_end_q);
    wire        d_ready = !d_v_q || gnt;
    wire        c_move  = c_v_q && room_q && d_ready;
    wire        c_ready = !c_v_q || c_move;
    wire        b_move  = b_v_q && c_ready;
    assign      b_ready = !b_v_q || b_move;

    wire [13:0]   word = pix_q[13:0] + {2'b00, gg_q};
    wire [13:0]   prm  = {2'b00, i_p_base} + {2'b00, gg_q};
    wire [WA-1:0] rsd  = b_word_q + delta_q[WA-1:0];
    wire          unused = &{1'b0, word[13:WA], prm[13:PA], rsd, used[CA-1:0], lead[30:0]};

    integer l;
    always @* begin
        be_d = {LANES{1'b0}};
        for (l = 0; l < LANES; l = l + 1)
            be_d[l] = (!b_first_q || l[4:0] >= i_lane_lo) && (!b_last_q || l[4:0] < i_lane_hi);
    end

    always @(posedge clk) begin
        b_v_q <= a_go || (b_v_q && !b_move);
        c_v_q <= b_move || (c_v_q && !c_move);
        d_v_q <= c_move || (d_v_q && !gnt);
        if (a_go) begin
            b_word_q  <= word[WA-1:0];
            b_end_q   <= pix_next;
            b_first_q <= gg_q == i_g0;
            b_last_q  <= gg_q == glast_q;
            b_tag_q   <= {prm[PA-1:0], i_q, j_q, pop, t_end, p_end};
        end
        if (b_move) begin
            c_col_q     <= b_word_q[CA-1:0];
            c_rsd_q     <= rsd[RA-1:0];
            c_end_q     <= b_end_q;
            c_rsd_end_q <= b_end_q + delta_q;
            c_be_q      <= be_d;
            c_tag_q     <= b_tag_q;
        end
        if (c_move) begin
            d_col_q     <= c_col_q;
            d_rsd_q     <= c_rsd_q;
            d_rsd_end_q <= c_rsd_end_q;
            d_be_q      <= c_be_q;
            d_tag_q     <= c_tag_q;
        end
        if (c_ready || !room_q)  room_q  <= used[31:CA] == {32-CA{1'b0}};
        req_q <= (c_move || (d_v_q && !gnt)) && (req_q && !gnt || !c_res_en || !lead[31]);
        stall_q <= (walk_q || b_v_q || c_v_q || d_v_q) && !gnt;
        if (rst) begin
            b_v_q   <= 1'b0;
            c_v_q   <= 1'b0;
            d_v_q   <= 1'b0;
            req_q   <= 1'b0;
            stall_q <= 1'b0;
        end
    end

    assign req     = req_q;
    assign req_col = d_col_q;
    assign req_rsd = d_rsd_q;
    assign req_be  = d_be_q;
    assign {req_prm, req_m, req_g, req_pop, req_tile, req_pass} = d_tag_q;

    assign done      = done_q;
    assign stall     = stall_q;
    assign col_done  = col_done_q;
    assign rsd_freed = rsd_freed_q;

endmodule

`resetall
