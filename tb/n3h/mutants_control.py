"""Mutants of control, dispatch, issue units and tokens."""

from _lib.mutant import Mutant

CONTROL: tuple[Mutant, ...] = (
    Mutant(
        "control",
        "n3h_issue.v",
        "(wait_q & ~tok_has) == 4'd0",
        "(wait_q == 4'd0) || ((wait_q & tok_has) != 4'd0)",
        "starts with one of its tokens",
    ),
    Mutant(
        "control",
        "n3h_issue.v",
        "RUN:     if (done) state_q <= POST;",
        "RUN:     state_q <= POST;",
        "does not wait for the engine",
    ),
    Mutant(
        "control",
        "n3h_issue.v",
        "(post_q & ~tok_room) == 4'd0",
        "1'b1",
        "gives a token to a full counter",
    ),
    Mutant(
        "control",
        "n3h_issue.v",
        "cfg_q && (payload_q[103:96] != TAG);",
        "cfg_q;",
        "a tag reaches the bank",
    ),
    Mutant("control", "n3h_tokens.v", "fff5_4321_fff0", "fff5_4312_fff0", "two edges are crossed"),
    Mutant(
        "control",
        "n3h_tokens.v",
        "stray_q || (edge_error",
        "(edge_error",
        "an edge that does not exist is used unseen",
    ),
    Mutant("control", "hw_token.v", "(put && !room_q) ||", "", "an overflow goes unnoticed"),
    Mutant("control", "n3h_dispatch.v", "!chk_legal;", "1'b0;", "illegal words pass"),
    Mutant(
        "control", "n3h_dispatch.v", "((eng == ENG_POST) && unit)", "1'b0", "POST_D goes to POST_L"
    ),
    Mutant(
        "control",
        "n3h_dispatch.v",
        "no_halt_q <= run_q && (left_q == 32'd0);",
        "no_halt_q <= 1'b0;",
        "a missing HALT hangs",
    ),
    Mutant(
        "control",
        "n3h_dispatch.v",
        "settled_q && halting_q && quiet && bus_idle;",
        "settled_q && halting_q && bus_idle;",
        "HALT does not wait for the engines",
    ),
    Mutant(
        "control",
        "n3h_dispatch.v",
        "            index_q <= 32'd0;\n",
        "",
        "the word index goes on from the last run",
    ),
    Mutant(
        "control",
        "n3h_control.v",
        "        if (sw_soft_reset) state_d = DRAIN;\n",
        "",
        "no soft reset",
    ),
    Mutant(
        "control",
        "n3h_control.v",
        "if (settled_q && bus_idle) ",
        "if (settled_q) ",
        "the drain does not wait for the bus",
    ),
    Mutant(
        "control",
        "n3h_control.v",
        "disp_illegal && !errors_q[0]",
        "disp_illegal",
        "the last illegal word is remembered, not the first",
    ),
    Mutant(
        "control", "n3h_control.v", "irq_q && cfg_irq_en", "irq_q", "the interrupt cannot be masked"
    ),
    Mutant(
        "control",
        "n3h_control.v",
        "(running && (q_irq != {ENGINES{1'b0}}))",
        "1'b0",
        "instructions cannot interrupt",
    ),
    Mutant(
        "control",
        "n3h_watchdog.v",
        "moving ? limit : (left_q",
        "(left_q",
        "progress does not calm the watchdog",
    ),
    Mutant(
        "control",
        "n3h_watchdog.v",
        "have_wait ? wait_info : have_stall ? stall_info",
        "have_stall ? stall_info : have_wait ? wait_info",
        "the stalled engine is named before the waiting one",
    ),
    Mutant(
        "control",
        "n3h_counters.v",
        "(state == 2'd3) stall_q",
        "(state == 2'd2) stall_q",
        "stalls count as running",
    ),
    Mutant(
        "control", "n3h_control.v", "(rst || start),", "(rst),", "counters go on from the last run"
    ),
)
