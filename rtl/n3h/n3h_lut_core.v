// n3h_lut_core: bit-serial matrix-multiply core, DM x DN dot-product units of DK bits.
//
// One GEMM_L pass: reads row tiles from the operand ring and bit planes of the weights from
// their buffer (both one cycle after the read), one plane pair and chunk per cycle, and leaves
// a tile of DM x DN exact 32-bit sums per row tile and column tile on the result port. A sum of
// a x w bits takes k_chunks*a*w cycles. No cycle is lost between tiles while the ring has the
// next one and the tile before the last has been popped: the array holds one finished tile and
// the result latch another. Sums are ready five cycles after their last read.
//
// Result port: `res_valid`: a tile can be read, `res_pop` with the last read. `done` comes
// with the last read of the weights; results may follow. `i_*` stable from `start` to `done`.
`resetall
`timescale 1ns / 1ps
`default_nettype none

module n3h_lut_core #(
    parameter integer DM       = 4,     // pixels per row tile
    parameter integer DK       = 64,    // bits per chunk
    parameter integer DN       = 4,     // filters per column tile
    parameter integer LANES    = 1,     // sums per result read; divides DN
    parameter integer WL_DEPTH = 512    // words of the weight buffer; a power of two
) (
    input  wire                        clk,
    input  wire                        rst,     // synchronous, active high

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
    input  wire [DM*DK-1:0]            l_data,
    output wire                        l_pop,
    output wire [13:0]                 l_slot,

    output wire                        w_re,
    output wire [$clog2(WL_DEPTH)-1:0] w_addr,
    input  wire [DN*DK-1:0]            w_data,

    output wire                        res_valid,
    input  wire                        res_re,
    input  wire [$clog2(DM)-1:0]       res_m,
    input  wire [(DN > LANES ? $clog2(DN/LANES) : 1)-1:0]
                                       res_g,
    input  wire                        res_pop,
    output wire [LANES*32-1:0]         res_data
);

    wire beat, beat_first, beat_double, beat_neg, beat_last, tile_end, take;

    // the beat's flags follow it: the count (1), then the sum (2)
    reg       beat1_q, first1_q, double1_q, neg1_q, last1_q;
    reg       beat2_q, first2_q, double2_q, neg2_q, last2_q;
    reg       ready_q;      // the array holds a finished tile
    reg [1:0] pend_q;       // column tiles read to the end, not yet in the latch

    // The first product of a tile overwrites the sums three cycles after its read. By then the
    // finished tile has moved on if it is the only one and finds the latch empty.
    wire tile_room = pend_q == 2'd0 || (pend_q == 2'd1 && !res_valid);

    always @(posedge clk) begin
        beat1_q   <= beat;
        first1_q  <= beat_first;
        double1_q <= beat_double;
        neg1_q    <= beat_neg;
        last1_q   <= beat_last;
        beat2_q   <= beat1_q;
        first2_q  <= first1_q;
        double2_q <= double1_q;
        neg2_q    <= neg1_q;
        last2_q   <= last1_q;
        ready_q   <= (beat2_q && last2_q) || (ready_q && !take);
        pend_q    <= pend_q + {1'b0, tile_end} - {1'b0, take};
        if (rst) begin
            beat1_q <= 1'b0;
            beat2_q <= 1'b0;
            ready_q <= 1'b0;
            pend_q  <= 2'd0;
        end
    end

    n3h_lut_ctrl #(
        .WL_DEPTH (WL_DEPTH)
    ) u_ctrl (
        .clk         (clk),
        .rst         (rst),
        .start       (start),
        .done        (done),
        .stall       (stall),
        .i_w_base    (i_w_base),
        .i_m_tiles   (i_m_tiles),
        .i_n_tiles   (i_n_tiles),
        .i_k_chunks  (i_k_chunks),
        .i_a_bits_m1 (i_a_bits_m1),
        .i_w_bits_m1 (i_w_bits_m1),
        .i_a_signed  (i_a_signed),
        .i_w_signed  (i_w_signed),
        .l_avail     (l_avail),
        .l_re        (l_re),
        .l_addr      (l_addr),
        .l_pop       (l_pop),
        .l_slot      (l_slot),
        .w_re        (w_re),
        .w_addr      (w_addr),
        .tile_room   (tile_room),
        .tile_end    (tile_end),
        .beat        (beat),
        .beat_first  (beat_first),
        .beat_double (beat_double),
        .beat_neg    (beat_neg),
        .beat_last   (beat_last)
    );

    wire [DM*DN*32-1:0] sum;

    genvar m, n;
    generate
        for (m = 0; m < DM; m = m + 1) begin : g_row
            for (n = 0; n < DN; n = n + 1) begin : g_col
                n3h_dpu #(
                    .DK (DK)
                ) u_dpu (
                    .clk        (clk),
                    .a          (l_data[DK*m +: DK]),
                    .w          (w_data[DK*n +: DK]),
                    .neg        (neg1_q),
                    .acc_en     (beat2_q),
                    .acc_first  (first2_q),
                    .acc_double (double2_q),
                    .acc_carry  (neg2_q),
                    .acc        (sum[32*(m*DN+n) +: 32])
                );
            end
        end
    endgenerate

    n3h_lut_result #(
        .DM    (DM),
        .DN    (DN),
        .LANES (LANES)
    ) u_result (
        .clk       (clk),
        .rst       (rst),
        .sum       (sum),
        .sum_ready (ready_q),
        .take      (take),
        .res_valid (res_valid),
        .res_re    (res_re),
        .res_m     (res_m),
        .res_g     (res_g),
        .res_pop   (res_pop),
        .res_data  (res_data)
    );

endmodule

`resetall
