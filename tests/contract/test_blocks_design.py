"""An accelerator with blocks of a model's hand: the same machine, in every bit and cycle."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from blocks_by_hand import TEXTS

from hwgen.arch import get_arch
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.run import Request, run_program
from hwgen.blocks.emit import Settings, with_blocks, written_blocks
from hwgen.errors import ToolMissing
from hwgen.net.load import load_network
from hwgen.verify.native import find_verilator
from hwgen.verify.regression import Request as Regression
from hwgen.verify.regression import Run, regress

ROOT = Path(__file__).parents[2]
ARCH = get_arch("n3h")
SPEC = ARCH.spec_class().preset("tiny")


def silent(*_):
    pass


def by_hand(task, count):
    return [TEXTS[task.spec.module]] if task.spec.module in TEXTS else []


@pytest.fixture(scope="module")
def design(tmp_path_factory):
    bundle = with_blocks(ARCH, SPEC, by_hand, Settings(samples=1), silent)
    assert written_blocks(bundle.facts["blocks"]) == len(TEXTS)
    folder = tmp_path_factory.mktemp("blocks") / "design"
    bundle.write(folder)
    return folder


def test_the_same_seed_gives_the_same_bytes_with_and_without_kept_verdicts(design, tmp_path):
    again = with_blocks(ARCH, SPEC, by_hand, Settings(samples=1, stored=False), silent)
    again.write(tmp_path / "again")
    assert (tmp_path / "again" / "manifest.json").read_bytes() == (
        design / "manifest.json"
    ).read_bytes()


def test_the_accelerator_is_the_same_in_every_bit_and_cycle(design, tmp_path):
    """Digits through both: outputs, cycles, and the counters of every engine."""
    network = ROOT / "examples" / "digits" / "digits.onnx"
    program = lower(load_network(network), SPEC, "auto", network.read_bytes())
    images = np.load(network.with_name("digits_test.npz"))["images"][:2].astype(np.float32)
    ARCH.emit(SPEC).write(tmp_path / "plain")
    try:
        find_verilator()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    runs = [
        run_program(program, images, Request("verilator", folder), silent, silent)
        for folder in (tmp_path / "plain", design)
    ]
    assert [run.problems for run in runs] == [(), ()]
    assert runs[1].record["bit_exact"] is True
    np.testing.assert_array_equal(runs[0].outputs, runs[1].outputs)
    for key in ("cycles_per_image", "counters", "layers"):
        assert runs[0].record[key] == runs[1].record[key], key
    assert runs[0].timeline == runs[1].timeline


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="no Icarus Verilog")
def test_the_folder_passes_its_own_benches(design):
    """Those that reach the replaced blocks; `hwgen verify` runs all."""
    request = Regression(design, ("icarus",), ("fifo", "load_r"), seed=7)
    found = [run for run in regress(request) if isinstance(run, Run)]
    assert found
    assert all(run.ok for run in found), found
