"""Deliberate mistakes in the operand ring and the FILL engine."""

from _lib.mutant import Mutant

FILL: tuple[Mutant, ...] = (
    Mutant("ram_sdp", "hw_ram_sdp.v", "we && wslice_en[g]", "we", "slice enables ignored"),
    Mutant("ram_sdp", "hw_ram_sdp.v", "if (re)", "if (1'b1)", "data do not stay"),
    Mutant("ring", "n3h_ring.v", "span[AW-1:0] == {AW{1'b0}}", "1'b0", "never quite full"),
    Mutant("ring", "n3h_ring.v", "= !(d_re && d_col == fill_col)", "= 1'b1", "lost collision"),
    Mutant("ring", "n3h_ring.v", "fill_commit ? fits2 : fits", "fits", "room one slot too long"),
    Mutant("ring", "n3h_ring.v", ": !l_avail)", ": 1'b1)", "unused L reader not waited for"),
    Mutant("ring", "n3h_ring.v", ": !d_avail)", ": 1'b1)", "unused D reader not waited for"),
    Mutant("ring", "n3h_ring.v", "fill_commit && !fill_use_l", "1'b0", "unused L reader stays"),
    Mutant("ring", "n3h_ring.v", "d_here ? d_at : w_at", "w_at", "D reads at the write address"),
    Mutant("ring", "n3h_ring.v", "fill_col == COL && !d_here", "fill_col == COL", "D read writes"),
    Mutant(
        "ring", "n3h_ring.v", "after_q <= after_q + {2'b00, fill_slot}", "after_q <= after_q",
        "look-ahead stands still",
    ),
    Mutant("fill", "n3h_fill_rows.v", "-$signed({12'd0, c_pad_t})", "16'sd0", "frees pad rows"),
    Mutant("fill", "n3h_fill_rows.v", "above && out_q < in_q", "above", "frees what never came"),
    Mutant(
        "fill", "n3h_fill_rows.v", "$signed(x_done - end_q) >= 32'sd0", "x_done >= end_q",
        "pointer wrap",
    ),
    Mutant(
        "fill", "n3h_fill_rows.v", "i_keep || out_q == c_in_h", "1'b1", "ends before rows are freed"
    ),
    Mutant("fill", "n3h_fill_rows.v", "busy && !i_keep", "!i_keep", "frees between passes"),
    Mutant(
        "fill", "n3h_fill_walk.v", "need_q < $signed(", "need_q <= $signed(", "starts a row early"
    ),
    Mutant(
        "fill", "n3h_fill_walk.v", "last_ox_q ? over_first : over_q",
        "1'b0 ? over_first : over_q", "right edge runs on",
    ),
    Mutant("fill", "n3h_fill_walk.v", "last_kx_q ? c_s_w : c_d_w", "c_s_w", "dilation by stride"),
    Mutant(
        "fill", "n3h_fill_walk.v", "need_q + $signed({12'd0, c_s_h})", "need_q",
        "later rows are not waited for",
    ),
    Mutant(
        "fill", "n3h_fill_span.v", "a_nx_q >= run_bits", "a_nx_q > run_bits", "run left of the map"
    ),
    Mutant(
        "fill", "n3h_fill_span.v", "a_over_q >= run_bits", "a_over_q > run_bits",
        "run right of the map",
    ),
    Mutant(
        "fill", "n3h_fill_span.v", "b_tail_q ? b_over_q : 20'd0", "20'd0", "right pad as raw bits"
    ),
    Mutant("fill", "n3h_fill_span.v", "r_valid_q ? r_q : span", "span", "reserve lost"),
    Mutant("fill", "n3h_fill_span.v", "c_merged && run_over", "run_over", "right edge of a slice"),
    Mutant("fill", "n3h_fill_gather.v", "fin && level > WORD", "1'b0", "last bits of a pixel lost"),
    Mutant("fill", "n3h_fill_gather.v", "n_last && !aligned", "n_last", "aligned end is empty"),
    Mutant("fill", "n3h_fill_gather.v", "{4{c_zin[1:0]}}", "{8{c_zin[0]}}", "2-bit pad code"),
    Mutant(
        "fill", "n3h_fill_gather.v", "c_push_q ? next : lane", "c_push_q ? {DK{1'b0}} : lane",
        "overflow into the next lane lost",
    ),
    Mutant("fill", "n3h_fill_gather.v", "fill_q - p_off_q", "fill_q + p_off_q", "turned wrongly"),
    Mutant("fill", "n3h_fill_turn.v", "3 * N % DK", "2 * N % DK", "one turn of four"),
    Mutant("fill", "n3h_fill_swap.v", "key[2] ?", "1'b0 ?", "upper blocks not swapped"),
    Mutant("fill", "n3h_fill_planes.v", "~(8'hff << next)", "8'hff", "lanes of an older chunk"),
    Mutant("fill", "n3h_fill_planes.v", "= !used_q[2]", "= 1'b1", "buffer overrun"),
    Mutant("fill", "n3h_fill_planes.v", "end_pass || (end_pixel", "(end_pixel", "last tile open"),
    Mutant("fill", "n3h_fill_planes.v", "e_valid_q && fill_room", "e_valid_q", "room ignored"),
    Mutant("fill", "n3h_fill_planes.v", "taken && e_commit_q", "fill_we && e_commit_q", "early"),
    Mutant("fill", "n3h_fill.v", ": waiting || written)", ": written)", "missing row: no stall"),
    Mutant("fill", "n3h_fill.v", "busy_q && written && settled", "busy_q && written", "early end"),
)  # fmt: skip
