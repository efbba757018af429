"""Mutants of the bus ports and the loads."""

from _lib.mutant import Mutant

BUS: tuple[Mutant, ...] = (
    Mutant(
        "fifo",
        "hw_fifo.v",
        "ready_q  <= level_d != DEPTH[AW:0];",
        "ready_q  <= 1'b1;",
        "takes words when full",
    ),
    Mutant("fifo", "hw_fifo.v", "(!valid_q || m_ready);", "!valid_q;", "half the rate"),
    Mutant(
        "fifo",
        "hw_fifo.v",
        "            rptr_q   <= {AW{1'b0}};\n",
        "",
        "reset leaves the read pointer",
    ),
    Mutant(
        "axi",
        "hw_axi_split.v",
        "(page_beats < BURST[12:0]) ? page_beats[8:0] : BURST[8:0]",
        "BURST[8:0]",
        "crosses 4 KB",
    ),
    Mutant(
        "axi",
        "hw_axi_split.v",
        "(left_q < {7'd0, room_q}) ? left_q[8:0] : room_q",
        "room_q",
        "reads past the end of a request",
    ),
    Mutant(
        "axi",
        "hw_axi_split.v",
        "busy_q <= s_beats != 16'd0;",
        "busy_q <= 1'b1;",
        "hangs on a request for nothing",
    ),
    Mutant("axi", "hw_axi_split.v", "if (rst || flush)", "if (rst)", "flush keeps the request"),
    Mutant(
        "axi",
        "hw_axi_read.v",
        "(under_way < OUTSTANDING[4:0])",
        "1'b1",
        "more bursts under way than promised",
    ),
    Mutant(
        "axi",
        "hw_axi_read.v",
        "            turn_q     <= {grant[N-2:0], grant[N-1]};\n",
        "",
        "the first requester always wins",
    ),
    Mutant(
        "axi",
        "hw_axi_read.v",
        "owner_valid && !flush) ?",
        "owner_valid) ?",
        "beats arrive during a flush",
    ),
    Mutant("axi", "hw_axi_read.v", "(m_axi_rresp != 2'd0) ||", "", "error responses go unnoticed"),
    Mutant("axi", "hw_axi_read.v", "(under_way == 5'd0) &&", "", "idle while beats are due"),
    Mutant(
        "axi",
        "hw_axi_write.v",
        "(spare_q > {2'd0, burst_len})",
        "(spare_q >= {2'd0, burst_len})",
        "shows a burst one beat early",
    ),
    Mutant(
        "axi",
        "hw_axi_write.v",
        "w_last_q  <= left_q == 8'd0;",
        "w_last_q  <= left_q == 8'd1;",
        "WLAST one beat early",
    ),
    Mutant(
        "axi",
        "hw_axi_write.v",
        "w_full_q  <= !flush;",
        "w_full_q  <= 1'b1;",
        "a flushed burst writes",
    ),
    Mutant(
        "axi", "hw_axi_write.v", "(data_valid || flush)", "data_valid", "a flushed burst never ends"
    ),
    Mutant("axi", "hw_axi_write.v", "(m_axi_bresp != 2'd0) ||", "", "error answers go unnoticed"),
    Mutant(
        "axi",
        "hw_axi_write.v",
        ".rst     (rst || flush),",
        ".rst     (rst),",
        "data outlives a flush",
    ),
    Mutant(
        "axi",
        "hw_axi_write.v",
        "!burst_busy && (open_q == 5'd0)",
        "!burst_busy",
        "idle before the answer",
    ),
    Mutant(
        "load_r", "n3h_dma_stream.v", "fits_q && (free_q >= chunk_q)", "fits_q", "asks without room"
    ),
    Mutant(
        "load_r", "n3h_dma_stream.v", " + {{FW-1{1'b0}}, pop};", ";", "room is never given back"
    ),
    Mutant(
        "load_r",
        "n3h_dma_walk.v",
        "(row_end ? row_q : addr_q)",
        "addr_q",
        "a row starts at the last segment",
    ),
    Mutant(
        "load_r",
        "n3h_unpack.v",
        "m_last ? 9'd0 : held_q - 1'b1",
        "held_q - 1'b1",
        "surplus words of a beat leave",
    ),
    Mutant("load_r", "n3h_unpack.v", "sext && b4[3]", "b4[3]", "4-bit codes are always signed"),
    Mutant(
        "load_r", "n3h_unpack.v", "twice && !half_q", "twice", "the second half of a word is lost"
    ),
    Mutant(
        "load_r",
        "n3h_load_r.v",
        "!(more && (used[AW-1:0] == {AW{1'b1}}))",
        "1'b1",
        "one word too many in the ring",
    ),
    Mutant(
        "load_r",
        "n3h_load_r.v",
        "fits_l && fits_d",
        "fits_l",
        "one reader of the ring is forgotten",
    ),
    Mutant("load_r", "n3h_load_r.v", "(tail_q && empty)", "tail_q", "done before the last beat"),
    Mutant(
        "load_x",
        "n3h_load_x.v",
        "used[31] || (used <= RAW_DEPTH)",
        "used <= RAW_DEPTH",
        "a reader ahead of the writer holds it",
    ),
    Mutant(
        "load_x",
        "n3h_load_x.v",
        "(used <= RAW_DEPTH)",
        "(used < RAW_DEPTH)",
        "the last word of the ring is unused",
    ),
    Mutant(
        "load_x",
        "n3h_load_x.v",
        "            at_q    <= words_d[AW-1:0];\n",
        "",
        "a row ends where its beats end",
    ),
    Mutant(
        "load_x",
        "n3h_load_x.v",
        "settle_q[1] && fits_q",
        "fits_q",
        "asks on the room of the row before",
    ),
    Mutant(
        "load_w",
        "n3h_load_w.v",
        "if (word_end) word_q <= word_q + 1'b1;",
        "word_q <= word_q + 1'b1;",
        "every slice is a word",
    ),
    Mutant(
        "load_w",
        "n3h_load_w.v",
        "(i_dst != PRM) || part_last",
        "1'b1",
        "one parameter word per beat",
    ),
    Mutant("load_w", "n3h_load_w.v", "i_x_beats != 16'd0;", "1'b1;", "a load of nothing asks"),
)
