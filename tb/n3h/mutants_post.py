"""Mistakes in what follows the cores: requantisation, the POST contexts, pooling, packing, STORE."""

from _lib.mutant import Mutant


def _requant(old: str, new: str, what: str) -> Mutant:
    return Mutant("requant", "hw_requant.v", old, new, what)


def _post(block: str, old: str, new: str, what: str) -> Mutant:
    return Mutant("post", f"n3h_{block}.v", old, new, what)


def _store(block: str, old: str, new: str, what: str) -> Mutant:
    return Mutant("store", f"n3h_{block}.v", old, new, what)


POST: tuple[Mutant, ...] = (
    _requant("f_q[0] && (sticky6_q || f_q[1])", "f_q[0]", "half up, not half to even"),
    _requant("sticky5_q || |(c_q", "|(c_q", "far bits do not break a tie"),
    _requant("big6_q || f_q[26:11]", "f_q[26:11]", "large quotients wrap"),
    _requant("$signed(c_q) >>> fine_q", "$signed(c_q) >> fine_q", "logical shift of negatives"),
    _requant("t[58:43] != {16{t[58]}}", "1'b0", "quotients above 2^42 wrap"),
    _requant("rs_high_q[1] ?", "rs_high_q[0] ?", "residual shift of the next operand"),
    _requant("$signed(zout_q[62:54])", "$signed(zout_q[53:45])", "zero point of the next operand"),
    _requant("over ? $signed({neg6_q, {10{!neg6_q}}})", "over ? $signed({1'b0, {10{1'b1}}})",
             "everything large saturates upwards"),
    _requant("{{17{x_q[ACC_W]}}, x_q}", "{17'd0, x_q}", "short accumulators are unsigned"),
    _requant("{H-1{pl_q[34]}}", "{H-1{1'b0}}", "the low product is unsigned"),
    _requant("{res_z[8], res_z}", "{1'b0, res_z}", "a negative residual zero point"),
    _post("lanes", "assign m_valid = valid_q[LATENCY-1];", "assign m_valid = valid_q[LATENCY-2];",
          "a code is taken one cycle early"),
    _post("lanes", ".rs     (s_rs[5*l +: 5])", ".rs     (s_rs[4:0])", "all lanes shift as lane 0"),
    _post("post", "l_want && (!d_want || l_turn_q)", "l_want", "both contexts are granted at once"),
    _post("post", "d_want && (!l_want || !l_turn_q)", "d_want && !l_want", "the LUT core always wins"),
    _post("post", "ctx1 ? d_res_data", "ctx2 ? d_res_data", "sums of the other core"),
    _post("post", "(ctx2 ? d_c_zout : l_c_zout)", "(ctx1 ? d_c_zout : l_c_zout)",
          "zero point of the next group's context"),
    _post("post", "!res_en ? 16'd0 : ctx2", "ctx2", "a residual is added without one"),
    _post("post", "res_signed && code[7]", "code[7]", "residual codes are always signed"),
    _post("post", "wr && wr_ctx && wr_tile", "d_gnt && d_tile", "a tile is published before it is written"),
    _post("post", "wr && !wr_ctx && wr_pass", "wr && wr_pass", "the other context's end ends both"),
    _post("post_walk", "j_q == J_LAST - 1'b1 || gg_q == gpre_q", "j_q == J_LAST - 1'b1",
          "groups beyond the core's last"),
    _post("post_walk", "i_q == M_LAST - 1'b1 || left_two", "i_q == M_LAST - 1'b1",
          "pixels beyond the pass's last"),
    _post("post_walk", "rbase_q     <= rbase_q + (c_res_en ? words : 32'd0);",
          "rbase_q     <= rbase_q + words;", "a pass without residual moves the ring"),
    _post("post_walk", "set3_q && i_n_tiles == 10'd0", "1'b0", "a core without filters never ends"),
    _post("post_walk", "gnt && req_tile && !req_pass && c_res_en", "req_tile && !req_pass && c_res_en",
          "a residual tile is freed before it is read"),
    _post("post_walk", "!c_res_en || !lead[31]", "1'b1", "the residual is not waited for"),
    _post("post_walk", "+ ~col_freed;", "+ ~col_freed - 32'd1;", "one word too many in the collector"),
    _post("post_walk", "(!b_first_q || l[4:0] >= i_lane_lo)", "1'b1", "dummy lanes are written"),
    _post("post_walk", "(!b_last_q || l[4:0] < i_lane_hi)", "1'b1", "lanes of the other core are written"),
    _post("post_walk", "pix_q      <= tile_pix_q;", "pix_q      <= pix_next;",
          "the second column tile goes to the next pixels"),
    _post("post_walk", "{2'b00, i_p_base} +", "14'd0 +", "parameters of an earlier layer"),
    _store("store", "between[31] ? col_done_l : col_done_d", "between[31] ? col_done_d : col_done_l",
           "reads what one context has not written"),
    _store("store", "(!el_inside || lead[31])", "1'b1", "does not wait for the words"),
    _store("store", "(!el_first || slots_q != 6'd0)", "1'b1", "words are lost when the bus waits"),
    _store("store", "beyond[31] ? passed_q : goal_q", "goal_q", "frees words not yet written"),
    _store("store", "!w_valid && idle;", "!w_valid;", "done before the write is answered"),
    _store("store", "end_q && all_freed_q && written", "end_q && written", "done before the map is freed"),
    _store("store", "goal_q <= el_word + 32'd1;", "goal_q <= el_word + 32'd2;", "frees one word early"),
    _store("store_walk", "x_q < {2'b00, in_w} && y_q", "y_q", "windows wrap at the map's edge"),
    _store("store_walk", "wy_q[XW-1] ? first : orow_q + skip_x", "orow_q + skip_x",
           "frees rows before the map"),
    _store("store_walk", "kx_end_q ? wx_q : x_q", "kx_end_q ? x_q : x_q", "window rows start where they end"),
    _store("store_walk", "g_q == 12'd2", "g_q == 12'd1", "one channel group more"),
    _store("store_addr", "s_end ? row_n : seg_n", "seg_n", "a row starts behind the last segment"),
    _store("store_addr", "valid_q <= y_q != 12'd1;", "valid_q <= 1'b1;", "requests without end"),
    _store("store_geom", "4'd5:    {a_d, b_d} = {row_q[23:0], 8'd0, pad_t};",
           "4'd5:    {a_d, b_d} = {row_q[23:0], 8'd0, s_h};", "stride taken for padding"),
    _store("pool", "diff_q <= -10'sd256;", "diff_q <= 10'sd0;", "padding wins over negative codes"),
    _store("pool", "count_pad ? window : count_q", "window", "padding always counts"),
    _store("pool", "code_signed && code[7]", "1'b0", "codes are unsigned"),
    _store("pool", "next > sum_q", "next < sum_q", "minimum"),
    _store("pool", "average ? z_out : 9'd0", "z_out", "a maximum is shifted by the zero point"),
    _store("pool", "(first1_q ? 8'd0 : count_q)", "count_q", "elements of all windows are counted"),
    _store("pack", "seg_end_q || pos_q == pos_end", "pos_q == pos_end", "a ragged segment stays behind"),
    _store("pack", "closes ? {BW{1'b0}} : part_q | placed", "part_q | placed", "beats pile up"),
    _store("pack", "!closes || !block_v_q || block_go", "1'b1", "a beat is overwritten while it waits"),
    _store("pack", "left_q == {LW{1'b0}}", "1'b1", "a wide word loses its upper beats"),
)  # fmt: skip
