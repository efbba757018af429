"""Every emitted leaf block of an architecture passes its own judge, and so does its reference."""

import pytest

from hwgen.arch import get_arch
from hwgen.tasks.leaves import leaf_blocks, leaf_sources
from hwgen.tasks.library import get_task
from hwgen.verify.judge import Judge
from hwgen.verify.options import Options

SMALL = [("n3h", "tiny")]
LARGE = [("n3h", "z7020")]


def emitted(designs):
    """Tasks of the eligible blocks of these designs, each once, with the module's own text."""
    found = {}
    for name, preset in designs:
        arch = get_arch(name)
        spec = arch.spec_class().preset(preset)
        bundle = arch.emit(spec)
        for leaf in leaf_blocks(arch, spec):
            if leaf.eligible:
                found.setdefault(leaf.task, leaf_sources(bundle, leaf.module))
    return found


BLOCKS = emitted(SMALL)
LARGE_BLOCKS = {task: text for task, text in emitted(LARGE).items() if task not in BLOCKS}


@pytest.fixture(scope="module")
def trusted():
    with Judge(Options(profile="trusted")) as judge:
        yield judge


@pytest.fixture(scope="module")
def untrusted():
    with Judge(Options(until="simulate")) as judge:
        yield judge


@pytest.mark.parametrize("task_id", BLOCKS)
def test_an_emitted_block_passes_its_judge(trusted, task_id):
    verdict = trusted.judge(get_task(task_id), BLOCKS[task_id])
    assert verdict.outcome == "PASS", verdict
    assert verdict.checks[0] == verdict.checks[1] > 0


@pytest.mark.slow
@pytest.mark.parametrize("task_id", LARGE_BLOCKS)
def test_a_large_block_passes_its_judge(trusted, task_id):
    verdict = trusted.judge(get_task(task_id), LARGE_BLOCKS[task_id])
    assert verdict.outcome == "PASS", verdict


@pytest.mark.parametrize("task_id", BLOCKS)
def test_its_reference_passes_too_and_is_another_text(untrusted, task_id):
    task = get_task(task_id)
    assert task.reference not in BLOCKS[task_id].values()
    verdict = untrusted.judge(task, {"reference.v": task.reference})
    assert verdict.outcome == "PASS", verdict


WRONG = {
    "hw_popcount": ("a[i +: 64] & b[i +: 64]", "a[i +: 64] | b[i +: 64]"),
    "hw_fifo": ("level_d != DEPTH[AW:0]", "level_d != DEPTH[AW:0] - 1'b1"),
    "hw_token": ("error_q <= (put && !room_q)", "error_q <= (put && room_q)"),
    "hw_requant": ("(sticky6_q || f_q[1])", "(sticky6_q || 1'b1)"),
    "n3h_counters": ("state == 2'd3", "state == 2'd0"),
    "n3h_dpu": ("acc_double ? {acc_q[30:0], 1'b0}", "acc_double ? {acc_q[30:0], 1'b1}"),
    "n3h_dsp_dot": ("assign v = a + b", "assign v = a - b"),
    "n3h_dsp_operands": ("w_signed && code4[3]", "w_signed && code4[2]"),
    "n3h_dsp_result": ("ITEMS[PW:0]", "ITEMS[PW:0] - 1'b1"),
    "n3h_dsp_turn": ("fill && !cap_signed", "fill && cap_signed"),
    "n3h_fill_swap": ("BITS*(b^3)", "BITS*(b^2)"),
    "n3h_fill_turn": ("3 * N % DK", "2 * N % DK"),
    "n3h_lut_result": ("sum_ready && (!valid_q || res_pop)", "sum_ready && !valid_q"),
    "n3h_pool": ("next > sum_q", "next < sum_q"),
    "n3h_store_addr": ("s_q == 12'd1", "s_q == 12'd2"),
    "n3h_store_geom": ("{20'd0, k_h, 8'd0, k_w}", "{20'd0, k_h, 8'd0, k_h}"),
    "n3h_watchdog": ("left_q == 32'd1", "left_q == 32'd2"),
}


@pytest.mark.parametrize("module", WRONG)
def test_a_wrong_twin_fails(trusted, module):
    task_id = next(task_id for task_id in BLOCKS if f"/{module}" in task_id)
    before, after = WRONG[module]
    files = {path: text.replace(before, after) for path, text in BLOCKS[task_id].items()}
    assert files != BLOCKS[task_id]
    verdict = trusted.judge(get_task(task_id), files)
    assert (verdict.outcome, verdict.stage) == ("FAIL", "simulate"), verdict
    assert verdict.cause == "mismatch"
