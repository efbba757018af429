"""Mutants of netlists: listed once each, the same every time, and even where Yosys gives up."""

import pytest

from hwgen.tasks.library import get_task
from hwgen.verify.formal.netmutants import netlist_mutants
from hwgen.verify.formal.synth import Netlist, synthesise
from hwgen.verify.jail.cells import Cell, find_jail


@pytest.fixture(scope="module")
def cell():
    with Cell("synth", find_jail()) as one:
        yield one


def made(cell, task_id: str) -> Netlist:
    task = get_task(task_id)
    netlist = synthesise(cell, task.spec, task.reference, {})
    assert isinstance(netlist, Netlist)
    return netlist


def test_mutants_of_a_counter_differ_from_it_and_from_each_other(cell):
    netlist = made(cell, "counter:width=4")
    right, found = netlist_mutants(cell, "counter", netlist, 60)
    texts = [text for _, text in found]
    assert 40 <= len(found) <= 60
    assert len({right, *texts}) == len(texts) + 1
    assert all("module counter(" in text for text in [right, *texts])
    assert {what.split()[0] for what, _ in found} >= {"inv", "const0", "const1"}
    assert netlist_mutants(cell, "counter", netlist, 60) == (right, found)
    assert netlist_mutants(cell, "counter", netlist, 60, seed=2)[1] != found


def test_the_unchanged_text_is_the_same_hardware(cell):
    task, netlist = get_task("alu"), made(cell, "alu")
    right, found = netlist_mutants(cell, "alu", netlist, 30)
    again = synthesise(cell, task.spec, right, {})
    assert isinstance(again, Netlist)
    assert again.state_bits == netlist.state_bits
    assert not any("parallel_case" in text for _, text in found)


def test_tables_have_mutants_too(cell):
    _, found = netlist_mutants(cell, "seven_segment", made(cell, "seven_segment"), 40)
    assert len(found) >= 10
