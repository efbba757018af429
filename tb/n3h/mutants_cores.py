"""Mistakes in both cores: popcount, bit-serial array and sequencer, corner turn, multipliers."""

from _lib.mutant import Mutant


def _lut(block: str, old: str, new: str, what: str) -> Mutant:
    return Mutant("lut_core", f"n3h_{block}.v", old, new, what)


def _dsp(block: str, old: str, new: str, what: str) -> Mutant:
    return Mutant("dsp_core", f"n3h_dsp_{block}.v", old, new, what)


CORES: tuple[Mutant, ...] = (
    Mutant("popcount", "hw_popcount.v", "(x + (x >> 4)) & 64'h0f0f_0f0f_0f0f_0f0f", "x + (x >> 4)",
           "fields run into each other"),
    Mutant("popcount", "hw_popcount.v", "sum = sum + ((x", "sum = ((x", "only the last 64 bits count"),
    Mutant("popcount", "hw_popcount_tree.v", "{LAST == 0 && g_level", "{g_level",
           "a counter of five takes a sixth bit"),
    Mutant("popcount", "hw_popcount_tree.v", "b[WIDTH-1]", "b[0]", "the odd bit meets another's partner"),
    Mutant("popcount", "hw_popcount_tree.v", "(t[2] & (t[0] ^ t[1]))", "(t[2] & t[0])", "a lost carry"),
    Mutant("popcount", "hw_count63.v", "cp ^ cq ^ cs", "cp ^ cq", "the carry of the sums is lost"),
    Mutant("popcount", "hw_count32.v", "wire [2:0] x = a & b;", "wire [2:0] x = a | b;", "OR, not AND"),
    _lut("lut_ctrl", "i_q == 3'd0 || j_q == j_top;", "i_q == 3'd0;", "an anti-diagonal runs off the planes"),
    _lut("lut_ctrl", "(i_a_signed && i_q == i_top) != (", "(i_a_signed && i_q == i_top) || (",
         "the product of two sign planes is subtracted"),
    _lut("lut_ctrl", "(i_w_signed && j_q == j_top);", "i_w_signed;", "every weight plane is a sign"),
    _lut("lut_ctrl", "w_row_q   <= last_nt_q ? i_w_base[AW-1:0] : ", "w_row_q   <= ",
         "the next row tile goes on with weights that are not its own"),
    _lut("lut_ctrl", "(!first_q || tile_room)", "1'b1", "starts a tile although none was read"),
    _lut("lut_ctrl", "last_kc_q <= kc_q == 14'd2;", "last_kc_q <= kc_q == 14'd1;", "one chunk more"),
    _lut("lut_ctrl", "mt_q == 16'd2", "mt_q == 16'd1", "one row tile more"),
    _lut("lut_ctrl", "assign l_pop       = end_mt;", "assign l_pop       = end_nt;",
         "the slot is freed before its last column tile"),
    _lut("lut_ctrl", "assign l_slot      = l_next_q;", "assign l_slot      = l_addr_q;",
         "a slot is freed a chunk short"),
    _lut("lut_ctrl", "j_top, 1'b1};", "w_bits};", "the next row of weights is one word off"),
    _lut("lut_ctrl", "done_q  <= end_pass;", "done_q  <= end_mt;", "done after the first row tile"),
    _lut("lut_ctrl", "stall_q <= run_q && !go;", "stall_q <= 1'b0;", "a stall is not told"),
    _lut("lut_core", "(pend_q == 2'd1 && !res_valid)", "pend_q == 2'd1",
         "a third tile overwrites the second"),
    _lut("lut_core", "(beat2_q && last2_q)", "(beat1_q && last1_q)", "sums leave a cycle early"),
    _lut("lut_core", ".acc_double (double2_q)", ".acc_double (double1_q)", "doubles a cycle early"),
    _lut("lut_result", "sum_ready && (!valid_q || res_pop);", "sum_ready;", "unread sums are overwritten"),
    _lut("lut_result", "(valid_q && !res_pop);", "valid_q;", "a tile stays after its pop"),
    _lut("lut_result", "{res_m, res_g} * LANES", "{res_m, {GROUPS{1'b0}}} * LANES", "group 0 for all"),
    _lut("dpu", "{31-PW{part_q[PW]}}", "{31-PW{1'b0}}", "a negative count is not sign-extended"),
    _lut("dpu", "{base, acc_carry}", "{base, 1'b0}", "one's complement"),
    _dsp("load", "(last_mt_q ? m_end_q : {MW{1'b1}})", "{MW{1'b1}}", "pixels beyond the last"),
    _dsp("load", "(p_q != 3'd0 || bank_room)", "1'b1", "a bank is overwritten while it is used"),
    _dsp("load", "last_kc_q <= kc_q == 14'd2;", "last_kc_q <= kc_q == 14'd1;", "one chunk more"),
    _dsp("load", "assign d_pop      = end_mt;", "assign d_pop      = end_nt;",
         "the slot is freed before its last column tile"),
    _dsp("load", "cap_plane_q <= p_q;", "cap_plane_q <= 3'd0;", "every plane lands in plane 0"),
    _dsp("load", "tag_tile_q  <= last_m && last_nt_q;", "tag_tile_q  <= last_nt_q;",
         "the weights start again before the tile's last pixel"),
    _dsp("step", "if (i_w8 || high_q) w_addr_q", "w_addr_q", "4-bit weights: the low half alone"),
    _dsp("step", "end_tile ? w_base : end_row", "end_row", "the next row tile takes stale weights"),
    _dsp("step", "(last_q || at_q == {SW{1'b1}})", "(at_q == {SW{1'b1}})", "a ragged chunk is not freed"),
    _dsp("step", "(!first_q || pixel_room)", "1'b1", "a pixel starts without a place for its sums"),
    _dsp("step", "            high_q   <= 1'b0;\n", "", "after an odd step count: the wrong half"),
    _dsp("step", "full_q[cap_bank] <= 1'b1;", "full_q[!cap_bank] <= 1'b1;", "the other bank is full"),
    _dsp("core", "!used_q[1] || bank_free;", "1'b1;", "banks are claimed without end"),
    _dsp("core", "used_q[1] || bank_free", "used_q[1]", "a bank is claimed a cycle late: lost rate"),
    _dsp("core", "put_q   <= acc_en && last_q[LAG-1];", "put_q   <= valid_q[LAG-2] && last_q[LAG-2];",
         "sums enter the queue a cycle early"),
    _dsp("turn", "fill && !cap_signed", "fill", "codes are never sign-extended"),
    _dsp("turn", "(cap_plane == P || fill)", "(cap_plane == P)", "planes above are left from before"),
    _dsp("operands", "a_signed && codes[8*i+7]", "codes[8*i+7]", "codes are always signed"),
    _dsp("operands", "w_signed && code8[7]", "1'b0", "8-bit weights are always unsigned"),
    _dsp("operands", "w_signed && code4[3]", "code4[3]", "4-bit weights are always signed"),
    _dsp("operands", "4*(COUNT+i)", "4*(COUNT-1-i)", "the high half is read backwards"),
    _dsp("dot", "(acc_first ? 32'd0 : acc_q)", "acc_q", "sums start with those of the pixel before"),
    _dsp("dot", "{32-SW{g_level[LEVELS].v_q[SW-1]}}", "{32-SW{1'b0}}", "a negative sum is not extended"),
    _dsp("result", "assign room      = free_q != {PW+1{1'b0}};", "assign room      = 1'b1;",
         "the queue overflows"),
    _dsp("result", "+ {{PW{1'b0}}, put} -", "+ {{PW{1'b0}}, take} -", "a result is told when it is begun"),
    _dsp("result", "if (res_pop) pop_q", "if (res_re) pop_q", "every read removes an item"),
)  # fmt: skip
