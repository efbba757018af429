// n3h_store_walk: the elements of all pooling windows of a pass, in order, as collector words.
//
// Output row by row, column by column, channel group by channel group, then over the window's rows
// and columns: one element per cycle while `el_go` takes it. `el_word` is absolute; of an element
// outside the map (`el_inside` low) it means nothing. Windows and strides are used as given: a pass
// without pooling is one of 1 x 1 windows with stride 1. Every field is stable while walking.
//
// `next_row` is the first word of the map row at which the next output row's windows begin (`first`
// if that lies above the map), valid with the last element of an output row (`el_row_end`).
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_store_walk (
    input  wire        clk,
    input  wire        rst,         // synchronous, active high

    input  wire        start,
    input  wire [31:0] first,       // first word of the map
    input  wire [11:0] rows,        // output rows
    input  wire [11:0] out_w,
    input  wire [11:0] in_w,
    input  wire [11:0] in_h,
    input  wire [11:0] gpp,
    input  wire [3:0]  k_h,
    input  wire [3:0]  k_w,
    input  wire [3:0]  s_h,
    input  wire [3:0]  s_w,
    input  wire [3:0]  pad_t,
    input  wire [3:0]  pad_l,
    input  wire [31:0] row,         // words: see n3h_store_geom
    input  wire [31:0] step_y,
    input  wire [31:0] skip_y,
    input  wire [31:0] step_x,
    input  wire [31:0] skip_x,

    output wire        el_valid,
    input  wire        el_go,
    output wire [31:0] el_word,
    output wire        el_inside,
    output wire        el_first,    // of its window
    output wire        el_last,     // of its window
    output wire        el_row_end,  // last of the output row
    output wire        el_end,      // last of the pass
    output wire [31:0] next_row
);

    localparam integer XW = 14;     // signed column and row numbers: -15 .. 4095 + 2*15

    // words: of the element; of its window row's, window's, pixel's and output row's first element
    reg [31:0] cur_q, line_q, win_q, pix_q, orow_q;
    reg [XW-1:0] x_q, wx_q, y_q, wy_q;          // of the element, of the window's first
    reg [3:0]  kx_q, ky_q;                      // elements left, the current included
    reg [11:0] g_q, ox_q, oy_q;
    reg        first_q, walk_q, load_q, load2_q;

    // *1: the counter is 1; *_end: so are all inside it. Registers, so that no logic is in the way
    reg  kx1_d, ky1_d, g1_d, ox1_d, oy1_d, ky1_q, g1_q, ox1_q, oy1_q;
    reg  kx_end_q, ky_end_q, g_end_q, ox_end_q, oy_end_q;
    wire kw_one = k_w == 4'd1;
    wire kh_one = k_h == 4'd1;
    wire gp_one = gpp == 12'd1;
    wire ow_one = out_w == 12'd1;

    always @* begin
        kx1_d = kx_end_q ? kw_one : kx_q == 4'd2;
        ky1_d = ky_end_q ? kh_one : kx_end_q ? ky_q == 4'd2 : ky1_q;
        g1_d  = g_end_q ? gp_one : ky_end_q ? g_q == 12'd2 : g1_q;
        ox1_d = ox_end_q ? ow_one : g_end_q ? ox_q == 12'd2 : ox1_q;
        oy1_d = ox_end_q ? oy_q == 12'd2 : oy1_q;
        if (load2_q)
            {kx1_d, ky1_d, g1_d, ox1_d, oy1_d} = {kw_one, kh_one, gp_one, ow_one, rows == 12'd1};
    end

    reg  b_v_q, b_in_q, b_first_q, b_last_q, b_row_q, b_end_q;
    reg  [31:0] b_word_q;
    wire a_go = walk_q && (!b_v_q || el_go);

    wire [31:0] line_n = line_q + row;
    wire [31:0] win_n  = win_q + 32'd1;
    wire [31:0] pix_n  = pix_q + step_x;
    wire [31:0] orow_n = orow_q + step_y;
    wire [31:0] far    = ox_end_q ? orow_n : pix_n;     // the next pixel's first element
    wire [XW-1:0] wx_0 = {XW{1'b0}} - {{XW-4{1'b0}}, pad_l};
    wire [XW-1:0] wx_n = ox_end_q ? wx_0 : wx_q + {{XW-4{1'b0}}, s_w};
    wire [XW-1:0] wy_n = wy_q + {{XW-4{1'b0}}, s_h};

    always @(posedge clk) begin
        load_q  <= start;
        load2_q <= load_q;
        if (load2_q || a_go) begin
            {ky1_q, g1_q, ox1_q, oy1_q} <= {ky1_d, g1_d, ox1_d, oy1_d};
            kx_end_q <= kx1_d;
            ky_end_q <= kx1_d && ky1_d;
            g_end_q  <= kx1_d && ky1_d && g1_d;
            ox_end_q <= kx1_d && ky1_d && g1_d && ox1_d;
            oy_end_q <= kx1_d && ky1_d && g1_d && ox1_d && oy1_d;
        end
        if (load_q) begin
            orow_q <= first - skip_x;
            wy_q   <= {XW{1'b0}} - {{XW-4{1'b0}}, pad_t};
        end
        if (load2_q) begin
            {cur_q, line_q, win_q} <= {3{orow_q - skip_y}};
            {pix_q, orow_q}        <= {2{orow_q - skip_y}};
            {x_q, wx_q}            <= {2{wx_0}};
            y_q     <= wy_q;
            kx_q    <= k_w;
            ky_q    <= k_h;
            g_q     <= gpp;
            ox_q    <= out_w;
            oy_q    <= rows;
            first_q <= 1'b1;
            walk_q  <= 1'b1;
        end else if (a_go) begin
            first_q <= ky_end_q;
            kx_q    <= kx_end_q ? k_w : kx_q - 4'd1;
            x_q     <= kx_end_q ? wx_q : x_q + {{XW-1{1'b0}}, 1'b1};
            cur_q   <= cur_q + {20'd0, gpp};
            if (kx_end_q) begin
                ky_q   <= ky_q - 4'd1;
                y_q    <= y_q + {{XW-1{1'b0}}, 1'b1};
                cur_q  <= line_n;
                line_q <= line_n;
            end
            if (ky_end_q) begin
                ky_q  <= k_h;
                y_q   <= wy_q;
                g_q   <= g_q - 12'd1;
                {cur_q, line_q, win_q} <= {3{win_n}};
            end
            if (g_end_q) begin
                g_q   <= gpp;
                ox_q  <= ox_q - 12'd1;
                {x_q, wx_q} <= {2{wx_n}};
                {cur_q, line_q, win_q, pix_q} <= {4{far}};
            end
            if (ox_end_q) begin
                ox_q   <= out_w;
                oy_q   <= oy_q - 12'd1;
                orow_q <= orow_n;
                {y_q, wy_q} <= {2{wy_n}};
            end
            if (oy_end_q) walk_q <= 1'b0;
        end
        if (rst) begin
            load_q  <= 1'b0;
            load2_q <= 1'b0;
            walk_q  <= 1'b0;
        end
    end

    // one stage on, so that the comparison with the map is not in the reader's way
    always @(posedge clk) begin
        b_v_q <= a_go || (b_v_q && !el_go);
        if (a_go) begin
            b_word_q  <= cur_q;
            b_in_q    <= x_q < {2'b00, in_w} && y_q < {2'b00, in_h};    // negative: large
            b_first_q <= first_q;
            b_last_q  <= ky_end_q;
            b_row_q   <= ox_end_q;
            b_end_q   <= oy_end_q;
        end
        if (rst) b_v_q <= 1'b0;
    end

    // stage A has moved on when B holds the last element of an output row
    assign next_row   = wy_q[XW-1] ? first : orow_q + skip_x;
    assign el_valid   = b_v_q;
    assign el_word    = b_word_q;
    assign el_inside  = b_in_q;
    assign el_first   = b_first_q;
    assign el_last    = b_last_q;
    assign el_row_end = b_row_q;
    assign el_end     = b_end_q;

endmodule

`resetall
