"""The tables of mutants fit what is emitted; a mutant's fate is told as it is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import n3h_mutants
from hwgen.arch import all_archs, get_arch
from hwgen.errors import EXIT_FAILED, EXIT_OURS
from hwgen.verify.mutants import Fate, Mutant
from hwgen.verify.regression import Run

ROOT = Path(__file__).resolve().parents[2]
TABLE = """
from _lib.mutant import Mutant
HALF = ("requant", "hw_requant.v", "f_q[0] && (sticky6_q || f_q[1])")
MUTANTS = (
    Mutant(*HALF, "f_q[0]", "half up"),
    Mutant(*HALF, "f_q[0] && (f_q[1] || sticky6_q)", "the same"),
    Mutant(*HALF, "f_q[0] &&", "no Verilog"),
    Mutant(*HALF, "f_q[0]", "left out", equivalent="a proof"),
    Mutant("fifo", "hw_fifo.v", "no such text", "", "old"),
)
"""
DESIGNS = [(arch.name, preset) for arch in all_archs() for preset in arch.presets]


def table(arch: str):
    """Mutants and benches of the checkout."""
    from importlib import import_module

    return import_module(f"{arch}.mutants").MUTANTS, import_module(f"{arch}.benches").BENCHES


def rtl(arch: str, preset: str) -> dict[str, str]:
    """Text of every emitted Verilog file by name."""
    record = get_arch(arch)
    bundle = record.emit(record.spec_class().preset(preset))
    return {f"{m.name}.v": m.text for m in bundle.modules}


@pytest.mark.parametrize(("arch", "preset"), DESIGNS)
def test_every_mutant_applies_exactly_once(arch, preset):
    files = rtl(arch, preset)
    mutants, benches = table(arch)
    assert len(mutants) >= 56
    sources = {b.name: b.sources for b in benches}
    for m in mutants:
        assert files[m.file].count(m.old) == 1, f"{m.file}: {m.old}"
        assert m.new != m.old
        assert m.file in sources[m.bench] or "*" in sources[m.bench], f"{m.bench}: {m.file}"
    places = [(m.file, m.old, m.new) for m in mutants]
    assert len(set(places)) == len(places), "a mutant stands there twice"


@pytest.mark.parametrize("arch", [a.name for a in all_archs()])
def test_every_file_has_a_mutant(arch):
    mutants, _ = table(arch)
    generated = ("_bank_", "_dec_")  # one template each
    missing = set(rtl(arch, "tiny")) - {m.file for m in mutants}
    assert not [name for name in missing if not any(g in name for g in generated)]
    for template in generated:
        assert any(template in m.file for m in mutants), template


def verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hwgen", "verify", str(folder), "--sim", "icarus"]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="no Icarus Verilog")
def test_fates(tmp_path):
    folder = tmp_path / "design"
    record = get_arch("n3h")
    record.emit(record.spec_class().preset("tiny")).write(folder)
    run = verify(folder, "--mutants", "2", "--block", "fifo", "--seed", "3", "--json")
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert (answer["killed"], answer["seed"]) == (2, 3)
    assert [m["killed"] for m in answer["mutants"]] == [True, True]
    assert "[2/2] killed fifo: " in run.stderr

    (folder / "tb" / "n3h" / "mutants.py").write_text(TABLE)
    run = verify(folder, "--mutants", "0", "--block", "requant", "--json", "--jobs", "2")
    assert run.returncode == EXIT_FAILED
    answer = json.loads(run.stdout)
    found = [(m["what"], m["killed"], m["broken"]) for m in answer["mutants"]]
    assert found == [
        ("half up", True, False),
        ("the same", False, False),
        ("no Verilog", False, True),
    ]
    assert answer["equivalent"] == [{"what": "left out", "because": "a proof"}]
    assert "SURVIVED requant: the same\nBROKEN requant: no Verilog\n1 of 3" in run.stderr

    run = verify(folder, "--mutants", "0", "--block", "fifo")
    assert run.returncode == EXIT_OURS
    assert "mutant 4 (old) does not apply to hw_fifo.v" in run.stderr
    assert "bring tb/*/mutants.py up to date" in run.stderr


def test_a_campaign_resumes_from_its_log(tmp_path, monkeypatch):
    def run(bench: str, failed: int) -> Run:
        return Run(bench, "t", "icarus", 1, {}, 3, failed, 0.5, "l", "b")

    tried = []

    def fake(folder, mutants, sim, seed, jobs):
        for m in mutants:
            tried.append(m.number)
            yield Fate(m, (run(m.bench, m.number % 2),))

    monkeypatch.setattr(n3h_mutants, "try_mutants", fake)
    table = [Mutant(n, "fifo", f"{n}.v", "a", "b", "what", "") for n in range(3)]
    log = tmp_path / "log"
    first = list(n3h_mutants.fates(tmp_path, table[:2], "key", 1, 1, log))
    assert list(n3h_mutants.fates(tmp_path, table, "key", 1, 1, log))[:2] == first
    assert tried == [0, 1, 2]
    found = list(n3h_mutants.fates(tmp_path, table, "another", 1, 1, log))
    assert tried == [0, 1, 2, 0, 1, 2]
    rows = {r.name: (r.value, r.met) for r in n3h_mutants.result_rows(found, 4, 70)}
    assert rows["mutants tried"] == (3, False)
    assert rows["mutants killed"] == (33.33, False)
    assert rows["mutants that survive"] == (2, None)
    assert rows["mutants proved equivalent"] == (4, None)
    assert rows["modules with a mutant"] == (3, None)
