"""Leaf blocks as tasks: which modules, at which parameters, and what the golden models say."""

import json
import random
import re
from dataclasses import replace

import pytest
from pyslang import ast, syntax

from hwgen.arch import get_arch
from hwgen.errors import UsageError
from hwgen.tasks.hierarchy import instances
from hwgen.tasks.leaves import (
    NO_FAMILY,
    block_set,
    leaf_blocks,
    leaf_families,
    leaf_sources,
    leaf_task,
)
from hwgen.tasks.library import get_task

ARCH = get_arch("n3h")
PRESETS = ("tiny", "z7020")
LEAVES = {p: leaf_blocks(ARCH, ARCH.spec_class().preset(p)) for p in PRESETS}
ELIGIBLE = {leaf.task: leaf for leaves in LEAVES.values() for leaf in leaves if leaf.eligible}
NAMED = {
    "hw_fifo", "hw_popcount", "hw_requant", "hw_token", "n3h_counters", "n3h_dpu", "n3h_dsp_dot",
    "n3h_dsp_operands", "n3h_dsp_result", "n3h_dsp_turn", "n3h_fill_swap", "n3h_fill_turn",
    "n3h_lut_result", "n3h_pool", "n3h_store_addr", "n3h_store_geom", "n3h_watchdog",
}  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS)
def test_the_blocks_of_a_preset(preset):
    found = {leaf.module for leaf in LEAVES[preset] if leaf.eligible}
    assert found >= NAMED
    assert {name for name in found - NAMED if not name.startswith("n3h_bank_")} == set()


def test_every_leaf_has_a_task_or_a_reason_and_never_both():
    for leaf in (leaf for leaves in LEAVES.values() for leaf in leaves):
        assert bool(leaf.task) != bool(leaf.reason), leaf
        assert leaf.reason != NO_FAMILY, leaf
        assert leaf.instances


def test_no_reason_or_family_is_left_over():
    bundle = ARCH.emit(ARCH.spec_class().preset("tiny"))
    declared = block_set(ARCH)
    sources = {module.name: module.text for module in bundle.modules}
    families = {family.name for family in declared.families}
    assert families <= sources.keys()
    for pattern in declared.reasons:
        start = pattern.rstrip("*")
        assert any(name.startswith(start) for name in sources.keys() - families), pattern


def test_leaf_modules_are_found_at_their_own_parameters():
    tiny = {(leaf.module, leaf.task): leaf for leaf in LEAVES["tiny"]}
    queue = tiny["hw_fifo", "n3h/hw_fifo:WIDTH=123,DEPTH=16"]
    assert queue.parameters == {"WIDTH": 123, "DEPTH": 16}
    assert len(queue.instances) == 9
    assert "n3h_top.u_queues.u_issue_load_x.u_queue" in queue.instances
    assert tiny["n3h_dpu", "n3h/n3h_dpu:DK=64"].below == ("hw_popcount",)
    assert tiny["hw_ram_tdp", ""].eligible is False


def test_an_architecture_without_own_blocks_still_has_the_shared_ones():
    bare = replace(ARCH, tasks="")
    assert "n3h/hw_fifo" in leaf_families(bare)
    by_module = {leaf.module: leaf for leaf in leaf_blocks(bare, ARCH.spec_class().preset("tiny"))}
    assert by_module["hw_token"].eligible
    assert by_module["n3h_dsp_dot"].reason == NO_FAMILY


def test_for_a_manifest():
    kept = json.loads(json.dumps([leaf.as_dict() for leaf in LEAVES["tiny"]]))
    dot = next(leaf for leaf in kept if leaf["module"] == "n3h_dsp_dot")
    assert dot == {
        "module": "n3h_dsp_dot", "parameters": {"PIN": 8}, "instances": 4, "below": [],
        "eligible": True, "reason": "", "task": "n3h/n3h_dsp_dot:PIN=8",
    }  # fmt: skip


@pytest.mark.parametrize("task_id", ELIGIBLE)
def test_a_block_is_asked_for_as_it_is_emitted(task_id):
    leaf, task = ELIGIBLE[task_id], get_task(task_id)
    assert task.spec.id == task_id
    assert task.origin == f"{task_id}@0"
    assert task.spec.module == leaf.module
    fixed = task.spec.parameters
    assert fixed == {name: leaf.parameters[name] for name in fixed}
    bundle = ARCH.emit(ARCH.spec_class().preset("tiny"))
    assert [(p.name, p.dir, p.width) for p in task.spec.ports] == ports_of(
        leaf_sources(bundle, leaf.module), leaf.module, fixed
    )


def ports_of(sources, module, fixed):
    """Ports of the emitted module at these parameters: name, direction, width."""
    values = "".join(f".{name}({value})," for name, value in fixed.items()).rstrip(",")
    compilation = ast.Compilation()
    over = f"#({values})" if values else ""
    for text in (*sources.values(), f"module around; {module} {over} u(); endmodule"):
        compilation.addSyntaxTree(syntax.SyntaxTree.fromText(text))
    top = next(t for t in compilation.getRoot().topInstances if t.name == "around")
    found = next(m for m in top.body if m.name == "u")
    ways = {"In": "in", "Out": "out"}
    return [
        (p.name, ways[p.direction.name], p.type.bitWidth)
        for p in (connection.port for connection in found.portConnections)
    ]


@pytest.mark.parametrize("name", leaf_families(ARCH))
def test_three_phrasings_that_name_every_port(name):
    family = leaf_families(ARCH)[name]
    task = leaf_task("n3h", family, family.default())
    assert len(set(task.phrasings)) == 3
    for number, phrasing in enumerate(task.phrasings):
        words = set(re.findall(r"\w+", phrasing))
        assert {p.name for p in task.spec.inputs} <= words, phrasing
        assert task.spec.clock is None or "clk" in words
        assert get_task(f"{task.spec.id}@{number}").spec.prompt == phrasing


@pytest.mark.parametrize("name", leaf_families(ARCH))
def test_random_parameters_make_tasks_with_runnable_models(name):
    family, rng = leaf_families(ARCH)[name], random.Random(name)
    digests = set()
    for choice in (family.default(), *(family.sample(rng) for _ in range(4))):
        task = leaf_task("n3h", family, choice)
        digests.add(task.digest)
        assert get_task(task.spec.id).digest == task.digest
        model = task.golden()
        model.reset()
        for case in task.stimulus(rng):
            for row in case:
                assert set(row) <= {p.name for p in task.spec.inputs}
                shown = model.step({p.name: row.get(p.name, 0) for p in task.spec.inputs})
                assert set(shown) == {p.name for p in task.spec.outputs}
    assert (len(digests) > 1) == bool(family.parameters)


def test_digests_follow_the_parameters():
    assert get_task("n3h/hw_token:MAX=63").digest != get_task("n3h/hw_token:MAX=62").digest


@pytest.mark.parametrize(
    ("task_id", "message"),
    [
        ("n4h/hw_fifo", "there is no architecture 'n4h'"),
        ("n3h/hw_fif", "n3h has no leaf block 'hw_fif' with a task\n  close: hw_fifo"),
        ("n3h/hw_fifo:DEPTH=3", "hw_fifo: DEPTH = 3 is not usable"),
        ("n3h/hw_fifo:SIZE=4", "hw_fifo has no parameter 'SIZE'"),
        ("n3h/hw_fifo@7", "n3h/hw_fifo@7: a task has the phrasings @0, @1 and @2"),
    ],
)
def test_unknown_blocks_are_refused_with_a_way_out(task_id, message):
    with pytest.raises(UsageError) as caught:
        get_task(task_id)
    assert message in str(caught.value)


def test_a_hierarchy_needs_its_top():
    texts = {"a": "module a; endmodule"}
    assert [found.path for found in instances(texts, "a")] == ["a"]
    with pytest.raises(Exception, match="b is not a top of the design"):
        instances(texts, "b")


# --- golden models against values worked out by hand ------------------------------------------


def steps(task_id, *rows):
    """What a fresh model shows for these rows, the inputs not named being 0."""
    task = get_task(task_id)
    model = task.golden()
    model.reset()
    zero = {p.name: 0 for p in task.spec.inputs}
    return [model.step({**zero, **row}) for row in rows]


@pytest.mark.parametrize(
    ("acc", "shift", "expected"),
    [
        (1, 1, 0),
        (3, 1, 2),
        (5, 1, 2),
        (-1, 1, 0),
        (-3, 1, 0xFE),
        (7, 0, 7),
        (99, 0, 50),
        (-99, 0, 0xCE),
    ],
)
def test_requant_rounds_half_to_even_and_clips(acc, shift, expected):
    row = {"acc": acc % 2**32, "mul": 1, "shift": shift, "lo": -50 % 512, "hi": 50}
    shown = steps("n3h/hw_requant", row, *[{}] * 8)
    assert [s["code"] for s in shown[:8]] == [None] * 8
    assert shown[8]["code"] == expected


def test_requant_adds_a_residual_and_promises_nothing_for_bad_limits():
    row = {"mul": 3, "acc": 5, "bias": 1, "res": 2, "res_z": 511, "res_mul": 4, "rs": 2, "hi": 255}
    assert steps("n3h/hw_requant", row, *[{}] * 8)[8]["code"] == (6 * 3 + 3 * 4 * 4) % 256
    assert steps("n3h/hw_requant", {**row, "lo": 255, "hi": 1}, *[{}] * 8)[8]["code"] is None
    assert steps("n3h/hw_requant", {**row, "shift": 48}, *[{}] * 8)[8]["code"] is None


def test_token_ignores_what_is_impossible_and_says_so():
    put, take, both = {"put": 1}, {"take": 1}, {"put": 1, "take": 1}
    shown = steps("n3h/hw_token:MAX=1", take, both, both, put, {}, take)
    assert [tuple(s.values()) for s in shown] == [
        (0, 1, 1), (1, 0, 1), (0, 1, 1), (1, 0, 0), (1, 0, 0), (0, 1, 0),
    ]  # fmt: skip


def test_fifo_shows_a_word_two_cycles_after_its_push():
    shown = steps(
        "n3h/hw_fifo:WIDTH=8,DEPTH=2", {}, *({"s_valid": 1, "s_data": n} for n in (7, 8, 9))
    )
    assert [s["s_ready"] for s in shown] == [1, 1, 0, 0]
    assert [s["m_data"] for s in shown] == [None, None, 7, 7]
    assert [s["level"] for s in shown] == [0, 1, 2, 2]


def test_dot_and_dpu_accumulate_what_is_known():
    minus = {"x": 0x1FF, "w": 0x003}  # -1 * 3
    on, first = {"acc_en": 1}, {"acc_en": 1, "acc_first": 1}
    shown = steps("n3h/n3h_dsp_dot:PIN=2", minus, minus, {**first, **minus}, on, {}, on)
    assert [s["acc"] for s in shown] == [None, None, 2**32 - 3, 2**32 - 6, 2**32 - 6, 2**32 - 6]
    ones = {"a": 7, "w": 7}
    shown = steps("n3h/n3h_dpu:DK=4", ones, {"neg": 1, **ones}, {**first, "acc_carry": 1},
                  {**on, "acc_double": 1})  # fmt: skip
    assert [s["acc"] for s in shown] == [None, None, 2**32 - 3, 2**32 - 6 + 3]


def test_pool_takes_what_is_inside_twelve_cycles_later():
    first, last = {"s_valid": 1, "s_first": 1}, {"s_valid": 1, "s_last": 1, "s_inside": 1}
    shown = steps("n3h/n3h_pool", {**first, "s_data": 99}, {**last, "s_data": 7}, *[{}] * 12)
    assert [s["m_valid"] for s in shown] == [0] * 12 + [1, 0]
    assert shown[12]["m_data"] == 7
    mean = {"average": 1, "z_in": 1, "z_out": 4, "hi": 255}
    row = {**mean, "table_we": 1, "table_addr": 2, "table_data": 1 << 16 | 1}  # halves
    window = [{**mean, **first, "s_inside": 1, "s_data": 3}, {**mean, **last, "s_data": 2}]
    shown = steps("n3h/n3h_pool", row, *window, *[mean] * 11)
    assert shown[13]["m_data"] == 2 + 4  # 1.5 rounds to 2
    assert steps("n3h/n3h_pool", row, *window, row, *[mean] * 10)[13]["m_data"] is None


def test_turn_extends_the_top_plane():
    rows = [
        {"cap": 1, "cap_plane": 0, "cap_data": 0b0101},
        {"cap": 1, "cap_plane": 1, "cap_top": 1, "cap_signed": 1, "cap_data": 0b0011},
        {"rd": 1, "rd_step": 0},
        {"rd": 1, "rd_step": 1},
        {"rd": 1, "rd_bank": 1},
    ]
    shown = [s["codes"] for s in steps("n3h/n3h_dsp_turn:DK=8,PIN=2", *rows)]
    assert shown[2:] == [(0xFEFF, 0xFFFF), (0x0001, 0xFFFF), (0, 0)]


def test_a_broken_rule_makes_a_result_queue_silent_until_reset():
    put = {"put": 1, "put_data": 5}
    take, read = {"take": 1}, {"res_re": 1, "res_pop": 1}
    shown = steps("n3h/n3h_dsp_result:POUT=1,LANES=1,ITEMS=2", take, put, read, read)
    assert [s["res_data"] for s in shown] == [None, None, 5, None]
    assert [s["res_valid"] for s in shown] == [0, 1, 0, None]


def test_the_watchdog_blames_the_first_waiting_queue_once():
    run, wait = {"q_state": 2, "limit": 2}, {"q_state": 0b1101, "q_missing": 0xA5, "limit": 9}
    shown = steps("n3h/n3h_watchdog:ENGINES=2", run, wait, wait, wait, run, wait, wait)
    assert [s["fire"] for s in shown] == [0, 0, 1, 0, 0, 0, 0]
    assert shown[2]["info"] == 5 << 6 | 1 << 4 | 0
    assert steps("n3h/n3h_watchdog:ENGINES=2", wait)[0]["fire"] is None


def test_geometry_takes_nine_cycles_and_still_inputs():
    still = {"in_w": 6, "in_h": 5, "gpp": 2, "k_h": 3, "k_w": 2, "s_h": 2, "s_w": 1, "pad_t": 1}
    shown = steps("n3h/n3h_store_geom", {**still, "start": 1}, *[still] * 9, {})
    assert [s["ready"] for s in shown] == [0] * 9 + [1, 1]
    assert shown[9] == shown[10] == {
        "ready": 1, "row": 12, "step_y": 24, "skip_y": 12, "total": 60, "step_x": 2, "skip_x": 0,
        "window": 6,
    }  # fmt: skip
    moved = steps("n3h/n3h_store_geom", {**still, "start": 1}, {}, *[still] * 8)
    assert (moved[9]["ready"], moved[9]["row"]) == (1, None)


def test_addresses_walk_row_by_row():
    region = {"dram": 64, "rows": 2, "segs": 2, "y_stride": 10, "p_stride": 1, "beats": 3}
    shown = steps("n3h/n3h_store_addr", {**region, "start": 1}, *[{**region, "req_ready": 1}] * 4)
    assert [s["req_addr"] for s in shown] == [64, 72, 144, 152, None]
    assert [s["busy"] for s in shown] == [1, 1, 1, 1, 0]
