"""hwgen compile and hwgen estimate, on the network of the digits example."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwgen.archs.n3h.build import build
from hwgen.archs.n3h.program import load_program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.cli.app import main

DIGITS = Path(__file__).parents[2] / "examples/digits/digits.onnx"


def hwgen(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_compile_and_estimate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prog = tmp_path / "prog"
    code, out, err = hwgen(capsys, "compile", DIGITS, "--arch", "n3h", "-o", prog, "--check")
    assert code == 0, err
    lines = out.splitlines()
    program = load_program(prog)
    assert lines[0].split()[:4] == ["layer", "M", "K", "N"]
    assert [line.split()[0] for line in lines[1:]] == [*(r.name for r in program.layers), "all"]
    assert f"checked {len(program.layers)} layers, all equal the integer model" in err
    assert all(0 < r.n_lut < r.n for r in program.layers if r.m > 1)  # both cores work
    assert program.network == DIGITS.read_bytes()

    code, out, err = hwgen(capsys, "estimate", prog, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["totals"]["cycles"] == sum(r.estimate["cycles"] for r in program.layers)
    assert found["spec_digest"] == program.spec.digest()
    code, again, _ = hwgen(capsys, "estimate", DIGITS, "--arch", "n3h", "--json")
    assert code == 0
    assert json.loads(again) == found


def test_splits_and_designs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = N3hSpec.from_data({"buffers": {"raw": 2048}})
    build(spec).write(tmp_path / "design")
    split = tmp_path / "split.yaml"
    split.write_text("conv2: 7\n")
    code, out, err = hwgen(
        capsys, "compile", DIGITS, "--build", tmp_path / "design", "--split", split,
        "-o", tmp_path / "prog", "--json",
    )  # fmt: skip
    assert code == 0, err
    record = json.loads(out)
    assert record["spec_digest"] == spec.digest()
    assert {row["name"]: row["n_lut"] for row in record["layers"]}["conv2"] == 7
    for name, share in (("lut", 1), ("dsp", 0)):
        code, out, _ = hwgen(capsys, "estimate", DIGITS, "--arch", "n3h", "--split", name, "--json")
        assert code == 0
        assert all(row["n_lut"] == share * row["n"] for row in json.loads(out)["layers"])


REFUSED = [
    (["compile", DIGITS, "-o", "OUT"], "give --build DIR or --arch NAME, and not both"),
    (["compile", DIGITS, "--arch", "n4h", "-o", "OUT"], "there is no architecture 'n4h'"),
    (["compile", DIGITS, "--arch", "n3h", "--build", "X", "-o", "OUT"], "and not both"),
    (["compile", DIGITS, "--build", "X", "-o", "OUT"], "X is no folder that hwgen built"),
    (["compile", DIGITS, "--arch", "n3h", "--split", "x", "-o", "OUT"], "there is no split 'x'"),
    (["compile", "none.onnx", "--arch", "n3h", "-o", "OUT"], "none.onnx"),
    (["compile", __file__, "--arch", "n3h", "-o", "OUT"], "test_cli_compile.py"),
    (["estimate", "."], ". is no program folder"),
    (["estimate", ".", "--arch", "n3h"], ". is a program: its design and split are fixed"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED)
def test_refusals(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, out, err = hwgen(capsys, *arguments, "--json")
    assert code == 2
    assert err.startswith("error: ")
    assert sentence in err
    assert json.loads(out)["exit_code"] == 2
    assert list(tmp_path.iterdir()) == []
