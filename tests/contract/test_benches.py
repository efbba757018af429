"""Every bench of the tiny preset on both simulators; cocotb and the native host count alike.

The design lies in the user's cache, as for `hwgen verify --arch n3h`, so that simulators which were
built once are not built again.
"""

import json
import random
from pathlib import Path

import pytest
from n3h.benches import BENCHES

from hwgen.archs.n3h import host
from hwgen.archs.n3h.build import CASE_SEEDS
from hwgen.archs.n3h.cases import random_codes, random_network
from hwgen.archs.n3h.isa import ENGINES
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.regs import COUNTER_NAMES
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.cli.verify import design
from hwgen.errors import ToolMissing
from hwgen.verify import native
from hwgen.verify.regression import SIMULATORS, Request, Run, need_simulators, regress

LIMIT = 100_000  # cycles of a case


@pytest.fixture(scope="module")
def tiny() -> Path:
    try:
        need_simulators(SIMULATORS)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    with design(None, "n3h", "tiny") as (folder, _):
        return folder


def runs(folder: Path, *blocks: str) -> list[Run]:
    """The regression of these blocks (default: all), every run of which must pass."""
    found = [r for r in regress(Request(folder, blocks=blocks)) if isinstance(r, Run)]
    for r in found:
        assert r.ok, f"{r.rerun('--arch n3h')}\n{Path(r.log).read_text()[-4000:]}"
    assert {r.sim for r in found} == set(SIMULATORS)
    return found


@pytest.mark.parametrize("block", [b.name for b in BENCHES if b.name != "top"])
def test_block(tiny, block):
    runs(tiny, block)


def test_top_and_that_all_hosts_agree_cycle_for_cycle(tiny, tmp_path):
    found = {r.sim: Path(r.build) / "cycles.json" for r in runs(tiny, "top")}
    counted = {sim: json.loads(path.read_text()) for sim, path in found.items()}
    assert counted["icarus"] == counted["verilator"]
    assert counted["icarus"] == on_native(tiny, tmp_path)
    assert len(counted["icarus"]) == len(CASE_SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("preset", [p for p in N3hSpec.PRESETS if p != "tiny"])
def test_every_block_of_another_preset(tiny, preset):
    with design(None, "n3h", preset) as (folder, _):
        runs(folder)


def on_native(folder: Path, work: Path) -> dict[str, dict[str, object]]:
    """Counters of the folder's cases, one after the other on the same hardware, by case."""
    script, model = [], Path()
    for name in sorted(f"case{seed}" for seed in CASE_SEEDS):
        rng = random.Random(int(name.removeprefix("case")))
        net = random_network(rng, 2)
        program = lower(net, N3hSpec.preset("tiny"))
        image, regs = program.image(), host.readable(program)
        program.write_input(image, random_codes(rng, net.input))
        words = (folder / "tb" / "n3h" / "cases" / name / "program.bin").read_bytes()
        base = program.memory.program_base
        assert image[base : base + len(words)] == words
        (work / f"{name}.bin").write_bytes(image)
        script += [
            f"load 0 {name}.bin",
            f"write {regs['PROG_BASE']} {base}",
            f"write {regs['PROG_WORDS']} {len(program.words)}",
            f"write {regs['IRQ_EN']} 1",
            f"run {name} {host.CTRL} 1 {LIMIT} -",
            *(f"read {offset} {register}" for register, offset in regs.items()),
            f"write {host.IRQ_ACK} 1",
        ]
        model = native.model(host.bench(program, sorted((folder / "rtl").glob("*.v"))))
    counted: dict[str, dict[str, object]] = {}
    values: dict[str, int] = {}
    for event in native.events(model, "\n".join([*script, ""]), work, None):
        if event["event"] == "done":
            assert event["irq"]
            assert not event["axi_error"]
            values, last = {}, event["job"]
        elif event["event"] == "read":
            values[event["name"]] = event["value"]
            counted[last] = values
    return {name: as_driver(values) for name, values in counted.items()}


def as_driver(values: dict[str, int]) -> dict[str, object]:
    """Registers by name as the emitted driver's `counters` gives them."""
    table = {e.name: {c: values[f"{e.name}_{c}"] for c in COUNTER_NAMES} for e in ENGINES}
    return {**table, "fetch": values["FETCH_BEATS"], "cycles": values["CYCLES"]}
