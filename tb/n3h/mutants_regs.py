"""Mistakes in the register block. Its text is emitted; these lines are the same in every design."""

from _lib.mutant import Mutant


def _mutant(old: str, new: str, what: str) -> Mutant:
    return Mutant("regs", "n3h_regs.v", old, new, what)


REGS = (
    _mutant("bresp_q  <= wknown ? OKAY : SLVERR;", "bresp_q  <= OKAY;", "unmapped write is OKAY"),
    _mutant("rresp_q  <= rknown ? OKAY : SLVERR;", "rresp_q  <= OKAY;", "unmapped read is OKAY"),
    _mutant("{8{wstrb_q[b]}}", "{8{1'b1}}", "byte strobes are ignored"),
    _mutant("else if (s_axil_bready)", "else", "write response does not wait"),
    _mutant("else if (s_axil_rready)", "else", "read data do not wait"),
    _mutant("s_axil_arvalid && !rtaken_q && !rvalid_q", "s_axil_arvalid && !rtaken_q",
            "a read is taken before the last one is answered"),
    _mutant("s_axil_wvalid && !wtaken_q && !bvalid_q", "s_axil_wvalid && !wtaken_q",
            "a write is taken before the last one is answered"),
    _mutant("s_axil_awvalid && s_axil_wvalid", "s_axil_awvalid", "a write without its data"),
    _mutant("s_axil_awvalid && s_axil_wvalid", "s_axil_wvalid", "a write without its address"),
    _mutant("wd_limit_q <= 32'h000F4240;", "wd_limit_q <= 32'h00000000;", "watchdog off at reset"),
    _mutant("hw_wd_info_state, hw_wd_info_queue}", "hw_wd_info_queue, hw_wd_info_state}",
            "two fields of WD_INFO change places"),
    _mutant("rdata_d = hw_q_stall[95:64];", "rdata_d = hw_q_wait[95:64];", "wrong counter"),
    _mutant("rdata_d = hw_q_run[287:256];", "rdata_d = hw_q_run[255:224];", "wrong queue"),
    _mutant("(write && waddr_q == 10'h007)", "(write && waddr_q == 10'h006)", "wrong address"),
    _mutant("wdata_q[5:0] & mask[5:0]", "wdata_q[5:0]", "ERROR clears without its byte strobe"),
    _mutant("wdata_q[1:1] & mask[1:1]", "wdata_q[0:0] & mask[0:0]", "start is a soft reset"),
    _mutant("raddr_q <= s_axil_araddr[11:2]", "raddr_q <= {1'b0, s_axil_araddr[10:2]}",
            "reads see the map twice"),
    _mutant("waddr_q <= s_axil_awaddr[11:2]", "waddr_q <= {1'b0, s_axil_awaddr[10:2]}",
            "writes see the map twice"),
)  # fmt: skip
