// n3h_lut_ctrl: sequencer of the bit-serial core: which planes meet, in which order.
//
// For each row tile, for each column tile: the plane pairs (i, j) of activations and weights in
// anti-diagonals i + j from the most significant down, for each pair all chunks; one read of
// the ring and of the weight buffer per cycle. In the cycle after a read `beat` is high and
// `beat_*` say what becomes of the product: `beat_first` starts a sum, `beat_double` doubles
// it before adding, `beat_neg` subtracts (exactly one of the two planes is a sign plane),
// `beat_last` completes it.
//
// `tile_room` allows the first read of a column tile. The ring slot is freed with its last read.
// `done` follows the last read of the pass; products may still be on their way then. All counts
// are at least 1. Weight addresses wrap at WL_DEPTH.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_lut_ctrl #(
    parameter integer WL_DEPTH = 512    // a power of two
) (
    input  wire                        clk,
    input  wire                        rst,         // synchronous, active high

    input  wire                        start,
    output wire                        done,
    output wire                        stall,
    input  wire [15:0]                 i_w_base,
    input  wire [15:0]                 i_m_tiles,
    input  wire [9:0]                  i_n_tiles,
    input  wire [13:0]                 i_k_chunks,
    input  wire [2:0]                  i_a_bits_m1,
    input  wire [2:0]                  i_w_bits_m1,
    input  wire                        i_a_signed,
    input  wire                        i_w_signed,

    input  wire                        l_avail,
    output wire                        l_re,
    output wire [13:0]                 l_addr,
    output wire                        l_pop,
    output wire [13:0]                 l_slot,

    output wire                        w_re,
    output wire [$clog2(WL_DEPTH)-1:0] w_addr,

    input  wire                        tile_room,
    output wire                        tile_end,    // with the last read of a column tile

    output wire                        beat,
    output wire                        beat_first,
    output wire                        beat_double,
    output wire                        beat_neg,
    output wire                        beat_last
);

    localparam integer AW = $clog2(WL_DEPTH);

    reg           run_q, done_q, stall_q;
    reg [15:0]    mt_q;                 // row tiles left
    reg [9:0]     nt_q;                 // column tiles left
    reg [13:0]    kc_q;                 // chunks left
    reg [2:0]     i_q, j_q;             // plane pair
    reg [2:0]     i0_q, j0_q;           // first pair of this anti-diagonal
    reg           first_q, double_q;
    reg           last_kc_q, last_nt_q, last_mt_q;
    reg [13:0]    l_addr_q, l_next_q;   // this entry; the same plane's entry of the next chunk
    reg [AW-1:0]  w_addr_q, w_row_q;    // this word; first word of the column tile
    reg           beat_q, beat_first_q, beat_double_q, beat_neg_q, beat_last_q;

    wire [2:0] i_top = i_a_bits_m1;
    wire [2:0] j_top = i_w_bits_m1;
    wire [3:0] a_bits = {1'b0, i_a_bits_m1} + 4'd1;
    wire [3:0] w_bits = {1'b0, i_w_bits_m1} + 4'd1;
    wire       one_kc = i_k_chunks == 14'd1;
    wire       one_nt = i_n_tiles == 10'd1;

    wire go = run_q && l_avail && (!first_q || tile_room);

    // which loops end with this read, innermost first
    wire last_diag = i_q == 3'd0 || j_q == j_top;
    wire last_pair = i_q == 3'd0 && j_q == 3'd0;
    wire end_pair  = go && last_kc_q;
    wire end_nt    = end_pair && last_pair;
    wire end_mt    = end_nt && last_nt_q;
    wire end_pass  = end_mt && last_mt_q;

    // first pair of the next anti-diagonal, next pair
    wire       j0_more = j0_q != 3'd0;
    wire [2:0] i0_d = last_pair ? i_top : j0_more ? i0_q : i0_q - 3'd1;
    wire [2:0] j0_d = last_pair ? j_top : j0_more ? j0_q - 3'd1 : 3'd0;
    wire [2:0] i_d  = last_diag ? i0_d : i_q - 3'd1;
    wire [2:0] j_d  = last_diag ? j0_d : j_q + 3'd1;

    // next weight word: one addition
    reg [AW-1:0] w_from, w_step;
    always @* begin
        w_from = w_addr_q;
        w_step = {{AW-4{1'b0}}, w_bits};
        if (last_kc_q && !last_pair) begin
            w_from = w_row_q;
            w_step = {{AW-3{1'b0}}, j_d};
        end else if (last_kc_q && last_nt_q) begin
            w_from = i_w_base[AW-1:0];
            w_step = {{AW-3{1'b0}}, j_top};
        end else if (last_kc_q) begin
            w_step = {{AW-4{1'b0}}, j_top, 1'b1};   // to the next row, plus w_bits - 1
        end
    end

    always @(posedge clk) begin
        done_q  <= end_pass;
        stall_q <= run_q && !go;
        if (go) begin
            first_q   <= 1'b0;
            double_q  <= 1'b0;
            kc_q      <= kc_q - 14'd1;
            last_kc_q <= kc_q == 14'd2;
            l_addr_q  <= l_next_q;
            l_next_q  <= l_next_q + {10'd0, a_bits};
            w_addr_q  <= w_from + w_step;
        end
        if (end_pair) begin
            kc_q      <= i_k_chunks;
            last_kc_q <= one_kc;
            i_q       <= i_d;
            j_q       <= j_d;
            double_q  <= last_diag && !last_pair;
            l_addr_q  <= {11'd0, i_d};
            l_next_q  <= {11'd0, i_d} + {10'd0, a_bits};
            if (last_diag) begin
                i0_q <= i0_d;
                j0_q <= j0_d;
            end
        end
        if (end_nt) begin
            first_q   <= 1'b1;
            nt_q      <= last_nt_q ? i_n_tiles : nt_q - 10'd1;
            last_nt_q <= last_nt_q ? one_nt : nt_q == 10'd2;
            w_row_q   <= last_nt_q ? i_w_base[AW-1:0] : w_addr_q + {{AW-4{1'b0}}, w_bits};
        end
        if (end_mt) begin
            mt_q      <= mt_q - 16'd1;
            last_mt_q <= mt_q == 16'd2;
        end
        if (end_pass)
            run_q <= 1'b0;
        if (start) begin
            run_q     <= 1'b1;
            mt_q      <= i_m_tiles;
            nt_q      <= i_n_tiles;
            kc_q      <= i_k_chunks;
            last_mt_q <= i_m_tiles == 16'd1;
            last_nt_q <= one_nt;
            last_kc_q <= one_kc;
            i_q       <= i_top;
            j_q       <= j_top;
            i0_q      <= i_top;
            j0_q      <= j_top;
            first_q   <= 1'b1;
            double_q  <= 1'b0;
            l_addr_q  <= {11'd0, i_top};
            l_next_q  <= {11'd0, i_top} + {10'd0, a_bits};
            w_row_q   <= i_w_base[AW-1:0];
            w_addr_q  <= i_w_base[AW-1:0] + {{AW-3{1'b0}}, j_top};
        end
        beat_q        <= go;
        beat_first_q  <= first_q;
        beat_double_q <= double_q;
        beat_neg_q    <= (i_a_signed && i_q == i_top) != (i_w_signed && j_q == j_top);
        beat_last_q   <= last_kc_q && last_pair;
        if (rst) begin
            run_q   <= 1'b0;
            done_q  <= 1'b0;
            stall_q <= 1'b0;
            beat_q  <= 1'b0;
        end
    end

    assign done        = done_q;
    assign stall       = stall_q;
    assign l_re        = go;
    assign l_addr      = l_addr_q;
    assign l_pop       = end_mt;
    assign l_slot      = l_next_q;
    assign w_re        = go;
    assign w_addr      = w_addr_q;
    assign tile_end    = end_nt;
    assign beat        = beat_q;
    assign beat_first  = beat_first_q;
    assign beat_double = beat_double_q;
    assign beat_neg    = beat_neg_q;
    assign beat_last   = beat_last_q;

    // the base's upper bits wrap away
    wire unused = &{1'b0, i_w_base >> AW};

endmodule

`resetall
