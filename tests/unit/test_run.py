"""hwgen run without a simulator: inputs, refusals, the run folder, traffic counted from words."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwgen.archs.n3h import isasim
from hwgen.archs.n3h.host import Job, results
from hwgen.archs.n3h.isa import Engine
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.measure import bytes_by_layer, compare, faults
from hwgen.archs.n3h.run import Request, run_program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.archs.n3h.trace import RECORD, Span
from hwgen.cli.app import main
from hwgen.errors import UsageError
from hwgen.net.load import load_network

NETWORK = Path(__file__).parents[2] / "examples" / "digits" / "digits.onnx"


@pytest.fixture(scope="module")
def program():
    net = load_network(NETWORK)
    return lower(net, N3hSpec.preset("tiny"), "auto", NETWORK.read_bytes())


@pytest.fixture(scope="module")
def digits():
    with np.load(NETWORK.with_name("digits_test.npz")) as stored:
        return stored["images"].astype(np.float32)


@pytest.fixture
def folder(program, tmp_path):
    program.write(tmp_path / "prog")
    return tmp_path


def command(*arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(a) for a in arguments])
    return stop.value.code


def silent(*_):
    pass


def test_isa_and_model_agree_on_every_layer(program, digits):
    outcome = run_program(program, digits[:2], Request("isa"), silent, silent)
    assert outcome.problems == ()
    assert outcome.record["bit_exact"] is True
    assert [row["bit_exact"] for row in outcome.record["layers"]] == [True] * 7
    assert outcome.record["cycles"] is None
    assert "no clock" in outcome.record["not_run"]["cycles"]
    model = run_program(program, digits[:2], Request("golden"), silent, silent)
    assert model.outputs.shape == (2, 10)
    np.testing.assert_array_equal(outcome.outputs, model.outputs)
    assert model.record["bit_exact"] is None


def test_traffic_counted_from_words_is_what_moves(program):
    image = program.image()
    report = isasim.simulate(program.words, image, program.spec)
    moved = {}
    for (tag, _), count in report.nbytes.items():
        moved[tag] = moved.get(tag, 0) + count
    assert bytes_by_layer(program) == {tag: count for tag, count in moved.items() if count}
    rows = {row.tag: row.estimate["dma_bytes"] for row in program.layers}
    assert bytes_by_layer(program) == rows


def test_a_wrong_code_is_found_and_named(program, digits):
    name = results(program)[0]
    right = {name: np.zeros((2, 3, 4), dtype=np.int64)}
    wrong = {name: right[name].copy()}
    wrong[name][1, 2, 3] = 5
    found = compare(name, [right, wrong], [right, right])
    assert (found.elements, found.wrong) == (48, 1)
    assert found.first == "input 1, row 1, column 2, channel 3: 5, expected 0"


def stopped(**registers):
    """A run that ended in cycle 90 with the given registers."""
    names = {"ERROR": 0, "ERROR_INFO": 0, "WD_INFO": 0, **registers}
    spans = {(Engine.LOAD_X, 1): Span(run=5, wait=0, stall=0, first=1, last=60)}
    none = np.empty(0, dtype=RECORD)
    return Job("ERROR" in registers, False, 90, names, spans, none, False, {}, 0.1)


@pytest.mark.parametrize(
    ("registers", "words"),
    [
        ({"ERROR": 1, "ERROR_INFO": 20}, r"illegal word.*\n  word 20"),
        ({"ERROR": 4}, "error response to a write"),
        ({"ERROR": 16, "WD_INFO": 1 << 6 | 1 << 4 | 0}, "LOAD_X waits for a token of STORE"),
        ({"ERROR": 16, "WD_INFO": 3 << 4 | 4}, "GEMM_L is held"),
        ({}, r"did not finish within 90 cycles\n  LOAD_X last active in cycle 60"),
    ],
)
def test_what_the_hardware_complains_about(program, registers, words):
    [problem] = faults(program, stopped(**registers))
    assert re.search(words, problem.render())


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 8, 8), np.float32), r"shape \[2, 8, 8\]"),
        (np.zeros((0, 1, 8, 8), np.float32), r"shape \[0, 1, 8, 8\]"),
        (np.full((1, 1, 8, 8), np.nan, np.float32), "NaN"),
        (np.zeros((1, 1, 8, 8), complex), "type complex128"),
    ],
)
def test_inputs_that_do_not_fit(program, array, words):
    with pytest.raises(UsageError, match=words):
        run_program(program, array, Request("golden"), silent, silent)


def test_codes_go_in_where_the_program_holds_no_network(program, digits):
    bare = replace(program, network=b"")
    codes = np.rint(digits[:1, 0, :, :, None] * 255 / 16).astype(np.uint8)
    outcome = run_program(bare, codes, Request("isa"), silent, silent)
    assert outcome.outputs.shape == (1, 1, 1, 10)
    assert "no network" in outcome.record["not_run"]["bit_exact"]
    with pytest.raises(UsageError, match="no network"):
        run_program(bare, codes, Request("golden"), silent, silent)
    with pytest.raises(UsageError, match="type float32"):
        run_program(bare, codes.astype(np.float32), Request("isa"), silent, silent)
    with pytest.raises(UsageError, match=r"outside 0\.\.255"):
        run_program(bare, codes.astype(np.int64) + 300, Request("isa"), silent, silent)


def test_the_run_folder(folder, digits, capsys):
    np.save(folder / "x.npy", digits[:3])
    arguments = ("run", folder / "prog", "--input", folder / "x.npy", "--sim", "isa", "--json")
    assert command(*arguments, "-o", folder / "out") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((folder / "out" / "run.json").read_text())
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {"output.npy", "run.json", "layers.csv", "report.html"}
    assert np.load(folder / "out" / "output.npy").shape == (3, 10)
    assert command(*arguments, "-o", folder / "out") == 0  # a run folder is replaced
    capsys.readouterr()
    assert command("report", folder / "out", "-o", folder / "page.html") == 0
    same = (folder / "out" / "report.html").read_text()
    assert (folder / "page.html").read_text() == same


def test_refusals_of_the_command(folder, digits, capsys):
    np.save(folder / "x.npy", digits[:1])
    (folder / "text.npy").write_text("no array")
    (folder / "taken").mkdir()
    (folder / "taken" / "mine.txt").touch()
    run = ("run", folder / "prog", "--sim", "isa", "--input")
    cases = (
        ((*run, folder / "none.npy"), "there is no file"),
        ((*run, folder / "text.npy"), "no .npy file"),
        ((*run, folder / "x.npy", "-o", folder / "taken"), "mine.txt"),
        ((*run, folder / "x.npy", "--waves", folder / "w.fst"), "has no signals"),
        (("run", folder, "--input", folder / "x.npy"), "no program folder"),
        (("run", folder / "prog", "--build", folder, "--input", folder / "x.npy"), "hwgen built"),
    )
    for arguments, words in cases:
        assert command(*arguments) == 2
        assert words in capsys.readouterr().err
    weights = folder / "prog" / "weights.bin"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert command(*run, folder / "x.npy") == 2
    assert "damaged" in capsys.readouterr().err
    assert sorted(p.name for p in folder.iterdir()) == ["prog", "taken", "text.npy", "x.npy"]
