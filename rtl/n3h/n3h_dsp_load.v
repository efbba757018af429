// n3h_dsp_load: reads operand-ring columns for the DSP core, one bit plane per cycle.
//
// Order: row tile, column tile, pixel of the tile (inside the pass), chunk, plane. Planes of
// one chunk go to one bank of the corner turn; `bank_room` allows the first. `cap*` come one
// cycle after the read, with the data: plane `cap_plane` of bank `cap_bank`; `cap_top` marks
// the chunk's last plane. `tag*` describe the chunk's pixel and hold with `cap_top`: `tag_row` is
// the tile's last pixel, `tag_tile` also in the last column tile, `tag_pass` the very last. The
// ring slot is freed with its last read. All counts are at least 1.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_dsp_load #(
    parameter integer DM = 4        // pixels per row tile; a power of two
) (
    input  wire                  clk,
    input  wire                  rst,           // synchronous, active high

    input  wire                  start,
    input  wire [19:0]           i_pixels,
    input  wire [9:0]            i_n_tiles,
    input  wire [13:0]           i_k_chunks,
    input  wire [2:0]            i_a_bits_m1,

    input  wire                  d_avail,
    output wire                  d_re,
    output wire [$clog2(DM)-1:0] d_col,
    output wire [13:0]           d_addr,
    output wire                  d_pop,
    output wire [13:0]           d_slot,

    input  wire                  bank_room,
    output wire                  bank_claim,    // with the first read of a chunk

    output wire                  cap,
    output wire                  cap_bank,
    output wire [2:0]            cap_plane,
    output wire                  cap_top,
    output wire                  tag_row,
    output wire                  tag_tile,
    output wire                  tag_pass
);

    localparam integer MW = $clog2(DM);

    reg           run_q;
    reg [19-MW:0] mt_q;                 // row tiles left after this one
    reg [9:0]     nt_q;                 // column tiles left
    reg [13:0]    kc_q;                 // chunks left
    reg [MW-1:0]  m_q, m_end_q;         // pixel, last pixel of the last tile
    reg [2:0]     p_q;                  // plane
    reg [13:0]    addr_q, next_q;       // entry, and the one after it
    reg           bank_q, last_mt_q, last_nt_q, last_kc_q;
    reg           cap_q, cap_bank_q, cap_top_q, tag_row_q, tag_tile_q, tag_pass_q;
    reg [2:0]     cap_plane_q;

    wire [19:0] last_pixel = i_pixels - 20'd1;
    wire        one_nt     = i_n_tiles == 10'd1;
    wire        one_kc     = i_k_chunks == 14'd1;

    // which loops end with this read, innermost first
    wire go       = run_q && d_avail && (p_q != 3'd0 || bank_room);
    wire last_p   = p_q == i_a_bits_m1;
    wire last_m   = m_q == (last_mt_q ? m_end_q : {MW{1'b1}});
    wire end_kc   = go && last_p;
    wire end_m    = end_kc && last_kc_q;
    wire end_nt   = end_m && last_m;
    wire end_mt   = end_nt && last_nt_q;
    wire end_pass = end_mt && last_mt_q;

    always @(posedge clk) begin
        if (go) begin
            p_q    <= p_q + 3'd1;
            addr_q <= next_q;
            next_q <= next_q + 14'd1;
        end
        if (end_kc) begin
            p_q       <= 3'd0;
            bank_q    <= !bank_q;
            kc_q      <= kc_q - 14'd1;
            last_kc_q <= kc_q == 14'd2;
        end
        if (end_m) begin
            kc_q      <= i_k_chunks;
            last_kc_q <= one_kc;
            addr_q    <= 14'd0;
            next_q    <= 14'd1;
            m_q       <= m_q + 1'b1;
        end
        if (end_nt) begin
            m_q       <= {MW{1'b0}};
            nt_q      <= nt_q - 10'd1;
            last_nt_q <= nt_q == 10'd2;
        end
        if (end_mt) begin
            nt_q      <= i_n_tiles;
            last_nt_q <= one_nt;
            mt_q      <= mt_q - 1'b1;
            last_mt_q <= mt_q == {{19-MW{1'b0}}, 1'b1};
        end
        if (end_pass)
            run_q <= 1'b0;
        if (start) begin
            run_q     <= 1'b1;
            p_q       <= 3'd0;
            addr_q    <= 14'd0;
            next_q    <= 14'd1;
            m_q       <= {MW{1'b0}};
            m_end_q   <= last_pixel[MW-1:0];
            mt_q      <= last_pixel[19:MW];
            nt_q      <= i_n_tiles;
            kc_q      <= i_k_chunks;
            last_mt_q <= last_pixel[19:MW] == {20-MW{1'b0}};
            last_nt_q <= one_nt;
            last_kc_q <= one_kc;
        end
        cap_q       <= go;
        cap_bank_q  <= bank_q;
        cap_plane_q <= p_q;
        cap_top_q   <= last_p;
        tag_row_q   <= last_m;
        tag_tile_q  <= last_m && last_nt_q;
        tag_pass_q  <= last_m && last_nt_q && last_mt_q;
        if (rst) begin
            run_q  <= 1'b0;
            bank_q <= 1'b0;
            cap_q  <= 1'b0;
        end
    end

    assign d_re       = go;
    assign d_col      = m_q;
    assign d_addr     = addr_q;
    assign d_pop      = end_mt;
    assign d_slot     = next_q;
    assign bank_claim = go && p_q == 3'd0;
    assign cap        = cap_q;
    assign cap_bank   = cap_bank_q;
    assign cap_plane  = cap_plane_q;
    assign cap_top    = cap_top_q;
    assign tag_row    = tag_row_q;
    assign tag_tile   = tag_tile_q;
    assign tag_pass   = tag_pass_q;

endmodule

`resetall
