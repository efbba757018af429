"""What policies learn leaf blocks from: proved, lean, and no text of rtl/."""

import itertools
import random

import pytest

from hwgen.arch import get_arch
from hwgen.blocks.judging import LARGER
from hwgen.blocks.text import same_text
from hwgen.blocks.training import LEAN, training_reference
from hwgen.tasks.banks import cut
from hwgen.tasks.families.config_bank import FAMILY, NAMES, drawn
from hwgen.tasks.leaves import leaf_blocks, leaf_families, leaf_sources
from hwgen.tasks.library import get_task
from hwgen.verify.judge import Judge
from hwgen.verify.options import Options

ARCH = get_arch("n3h")
SPEC = ARCH.spec_class().preset("tiny")
BUNDLE = ARCH.emit(SPEC)
LEAVES = {leaf.module: leaf for leaf in leaf_blocks(ARCH, SPEC) if leaf.eligible}


@pytest.fixture(scope="module")
def judge():
    with Judge() as found:
        yield found


@pytest.fixture(scope="module")
def trusted():
    with Judge(Options(profile="trusted", until="synthesise")) as found:
        yield found


@pytest.mark.parametrize("module", LEAN)
def test_a_lean_reference_would_be_taken_for_the_block(judge, trusted, module):
    leaf = LEAVES[module]
    task = get_task(leaf.task)
    text = training_reference(task)
    assert text != task.reference
    verdict = judge.judge(task, {"b.v": text})
    assert (verdict.outcome, verdict.assurance) == ("PASS", "proved"), verdict
    own = trusted.judge(task, leaf_sources(BUNDLE, module))
    assert verdict.cells <= LARGER * own.cells


@pytest.mark.parametrize("module", LEAN)
def test_a_lean_reference_is_right_at_other_parameters(judge, module):
    family, rng = leaf_families(ARCH)[f"n3h/{module}"], random.Random(5)
    smallest = {name: min(values) for name, values in family.parameters.items()}
    for choice in (smallest, family.sample(rng)):
        task = get_task(f"n3h/{family.id_of(choice)}")
        verdict = judge.judge(task, {"b.v": training_reference(task)})
        assert verdict.outcome == "PASS", (choice, verdict)


def test_no_training_reference_is_a_text_of_the_design():
    plain = {module.name: module.text for module in BUNDLE.modules}
    for leaf in LEAVES.values():
        assert not same_text(training_reference(get_task(leaf.task)), plain[leaf.module])


def test_other_tasks_have_their_own_reference():
    task = get_task("counter:width=4")
    assert training_reference(task) == task.reference
    fifo = get_task("n3h/hw_fifo:WIDTH=5,DEPTH=4")
    assert training_reference(fifo) == fifo.reference


def test_fields_of_a_drawn_bank_fit_and_their_names_are_their_own():
    rng = random.Random(3)
    for _ in range(200):
        choice = FAMILY.sample(rng)
        held, passed = drawn(choice)
        names = [place.port for place in held]
        assert len(set(names)) == len(names) > 0
        assert {place.register for place in held} == set(range(choice["registers"]))
        assert max(place.high for place in (*held, *passed)) < choice["data"]
        for a, b in itertools.pairwise(held):
            assert b.low == (a.high + 1 if a.register == b.register else 0)
        assert drawn(choice) == (held, passed)


def test_a_drawn_bank_keeps_what_is_written():
    task = get_task("config_bank:layout=3,registers=2,fields=4,data=96,module=regs_in,table=1")
    assert task.spec.module == "regs_in" in NAMES
    held, _ = drawn(FAMILY.choice_of("layout=3,registers=2,fields=4,data=96,table=1"))
    model = task.golden()
    model.reset()
    word = 0x123456789ABCDEF012345678
    shown = model.step({"cfg_we": 1, "cfg_reg": 1, "cfg_data": word})
    for place in held:
        assert shown[place.port] == (cut(word, place) if place.register == 1 else 0)
    assert shown["table_we"] == 0
    assert model.step({"cfg_we": 1, "cfg_reg": 2, "cfg_data": word})["table_addr"] == word & 15
    kept = model.step({"cfg_we": 0, "cfg_reg": 1, "cfg_data": 0})
    assert [kept[p.port] for p in held] == [shown[p.port] for p in held]
