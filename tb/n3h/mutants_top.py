"""Mistakes in the generated modules and in how the top puts blocks together; same in all designs."""

from _lib.mutant import Mutant


def _top(block: str, old: str, new: str, what: str) -> Mutant:
    return Mutant("top", f"n3h_{block}.v", old, new, what)


TOP: tuple[Mutant, ...] = (
    _top("bank_fill", "cfg_we && cfg_reg == 8'h02", "1'b0", "a register keeps its reset value"),
    _top("bank_post_d", "cfg_we && cfg_reg == 8'h00", "cfg_we && reg0_q == 54'd0",
         "the first layer's configuration stays"),
    _top("bank_store", "cfg_data[29:8]", "cfg_data[30:9]", "a row of the averages one bit off"),
    _top("bank_store", "cfg_we && cfg_reg == 8'h02", "1'b0", "no row of the averages is written"),
    _top("dec_gemm_d", "payload[80:80]", "payload[81:81]", "the weights' sign for the activations"),
    _top("dec_fill", "payload[53:53]", "1'b0", "rows are not kept for the next pass"),
    _top("dec_store", "payload[95:76]", "payload[63:44]", "segments as far apart as rows"),
    _top("legal", " && (posts & ~gives) == 4'd0", "", "tokens for edges that do not exist are legal"),
    _top("legal", "bank < banks", "bank <= banks", "one register too many is legal"),
    _top("legal", "known = 1'b0;", "known = 1'b1;", "an engine that does not exist is legal"),
    _top("queues", "(tok_has[7:4])", "(tok_has[3:0])", "LOAD_W waits for another engine's tokens"),
    _top("queues", "fff5_4321_fff0),", "fff5_3421_fff0),", "two edges are crossed"),
    _top("queues", ".cfg_data     (post_d_cfg_data)", ".cfg_data     (post_l_cfg_data)",
         "POST_D takes what POST_L is told"),
    _top("top", "(&q_idle)", "(|q_idle)", "HALT waits for one engine"),
    _top("top", "{1'b0, wr_beat, 4'b0000, rd_rsp[3:1]}", "{wr_beat, 5'b00000, rd_rsp[3:1]}",
         "STORE's beats are counted for POST_D"),
    _top("top", ".wr_error       (wr_error)", ".wr_error       (1'b0)", "write errors go unnoticed"),
    _top("top", "{q_tag[16*q +: 16], q_state[2*q +: 2]}", "{q_state[2*q +: 2], q_tag[16*q +: 16]}",
         "two fields of the trace change places"),
    _top("top", ".l_i_g0         (post_l_i_g0)", ".l_i_g0         (post_d_i_g0)",
         "one context has the other's first group"),
    _top("top", ".hw_wd_info_pending  (hw_wd_info[9:6])", ".hw_wd_info_pending  (hw_wd_info[3:0])",
         "the watchdog names a queue for a token"),
    _top("top", ".rd_error       (rd_error)", ".rd_error       (wr_error)", "errors change places"),
    Mutant("ring", "hw_ram_tdp.v", "if (a_we)", "if (1'b1)", "reads write"),
    Mutant("ring", "hw_ram_tdp.v", "if (b_en)", "if (a_en)", "one port enables the other"),
)  # fmt: skip
