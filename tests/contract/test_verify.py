"""`hwgen verify`: what it prints, writes and returns, for good, mistaken and foreign folders."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hwgen.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_TOOL, EXIT_USAGE

ROOT = Path(__file__).resolve().parents[2]
HWGEN = [sys.executable, "-m", "hwgen"]
ICARUS = ("--sim", "icarus")

pytestmark = pytest.mark.skipif(shutil.which("iverilog") is None, reason="no Icarus Verilog")


def hwgen(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HWGEN, *map(str, arguments)],
        cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A built folder that a test may change."""
    folder = tmp_path / "design"
    run = hwgen("build", "--arch", "n3h", "-o", folder)
    assert run.returncode == 0, run.stderr
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def listing(folder: Path) -> dict[str, bytes]:
    """Files by name, without the scratch folder."""
    return {
        name: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not (name := path.relative_to(folder).as_posix()).startswith("sim_b")
    }


def test_a_good_block(tiny, tmp_path):
    before, junit = listing(tiny), tmp_path / "junit.xml"
    run = hwgen("verify", tiny, *ICARUS, "--block", "requant", "--block", "load_w", "--seed", "7",
                "--json", "--junit", junit)  # fmt: skip
    assert run.returncode == 0, run.stderr
    rows = json.loads(run.stdout)
    assert [r["block"] for r in rows] == ["requant", "requant", "load_w", "load_w"]
    for r in rows:
        assert set(r) == {
            "block", "sim", "seed", "parameters", "outcome", "tests", "seconds", "log", "rerun",
        }  # fmt: skip
        assert (r["sim"], r["seed"], r["outcome"]) == ("icarus", 7, "PASS")
        assert r["tests"]["passed"] == r["tests"]["total"] > 0
        assert r["rerun"] == f"hwgen verify {tiny} --block {r['block']} --sim icarus --seed 7"
        assert Path(r["log"]).is_relative_to(tiny / "sim_build")
    assert [r["parameters"] for r in rows[:2]] == [{"ACC_W": 32}, {"ACC_W": 18}]
    tests = sum(r["tests"]["total"] for r in rows)
    assert f"4 of 4 runs passed, {tests} tests" in run.stderr
    assert "[4/4] PASS load_w icarus" in run.stderr
    suite = ElementTree.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("4", "0")
    assert [c.get("classname") for c in suite] == ["requant.icarus"] * 2 + ["load_w.icarus"] * 2
    assert listing(tiny) == before


def test_a_mistake_is_found_named_and_repeatable(tiny, tmp_path):
    edit(tiny / "rtl" / "hw_requant.v", "(sticky6_q || f_q[1])", "1'b1")
    junit, waves = tmp_path / "junit.xml", tmp_path / "waves"
    run = hwgen("verify", tiny, *ICARUS, "--block", "requant", "--seed", "11", "--json",
                "--junit", junit, "--waves", waves)  # fmt: skip
    assert run.returncode == EXIT_FAILED
    assert "note: rtl/hw_requant.v is not as it was built" in run.stderr
    rows = json.loads(run.stdout)
    assert [r["outcome"] for r in rows] == ["FAIL", "FAIL"]
    line = rows[0]["rerun"]
    assert f"rerun: {line}\n" in run.stderr
    assert "0 of 2 runs passed" in run.stderr
    suite = ElementTree.parse(junit).getroot()
    assert suite.get("failures") == "2"
    assert line in str(suite[0][0].text)
    assert waves.joinpath("requant-icarus-11.fst").stat().st_size > 0
    again = subprocess.run([*HWGEN, *shlex.split(line)[1:], "--json"], cwd=ROOT, check=False,
                           capture_output=True, text=True)  # fmt: skip
    assert again.returncode == EXIT_FAILED
    assert [r["tests"] for r in json.loads(again.stdout)] == [r["tests"] for r in rows]


def test_a_run_without_results_fails(tiny):
    """RTL that does not compile, and a simulation that ends itself."""
    path = tiny / "rtl" / "hw_fifo.v"
    path.write_text(path.read_text().replace("endmodule", "initial #50 $finish;\nendmodule"))
    path = tiny / "rtl" / "hw_ram_sdp.v"
    path.write_text(path.read_text().replace("endmodule", "endmodul"))
    run = hwgen("verify", tiny, *ICARUS, "--block", "fifo", "--block", "ram_sdp", "--json")
    assert run.returncode == EXIT_FAILED
    rows = json.loads(run.stdout)
    assert {r["outcome"] for r in rows} == {"FAIL"}
    assert {r["tests"]["total"] for r in rows if r["block"] == "ram_sdp"} == {0}


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ((), "n3h has no block nothing; it has requant, ring, post, "),
        (("--mutants", "1"), "there are no mutants of nothing\n  there are some of "),
    ],
)
def test_unknown_block(tiny, extra, words):
    run = hwgen("verify", tiny, *ICARUS, "--block", "nothing", *extra)
    assert run.returncode == EXIT_USAGE, run.stderr
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_usage(tmp_path):
    (tmp_path / "mine.txt").write_text("")
    for arguments, words in (
        ((tmp_path,), "is no folder that hwgen built"),
        ((tmp_path / "nowhere",), "is no folder that hwgen built"),
        ((tmp_path, "--mutants", "0"), "is no folder that hwgen built"),
        ((), "verify needs a folder or --arch"),
        ((tmp_path, "--arch", "n3h"), "verify needs a folder or --arch, not both"),
        (("--arch", "n3h", "--preset", "huge"), "there is no preset 'huge'"),
    ):
        run = hwgen("verify", *arguments)
        assert run.returncode == EXIT_USAGE, run.stderr
        assert words in run.stderr
        assert "Traceback" not in run.stderr


def test_missing_simulator(tiny, tmp_path):
    run = hwgen("verify", tiny, "--block", "fifo", PATH=str(tmp_path))
    assert run.returncode == EXIT_TOOL
    assert "error: Icarus Verilog is not installed\n  fix: apt-get install iverilog" in run.stderr
    assert "g++, make, perl" in run.stderr, "Verilator's own needs, in the same breath"
    run = hwgen("verify", tiny, "--block", "fifo", "--sim", "verilator", PATH=str(tmp_path))
    assert run.returncode == EXIT_TOOL
    assert "Icarus" not in run.stderr


def test_a_path_with_a_space(tiny, tmp_path):
    folder = tiny.rename(tmp_path / "my design")
    run = hwgen("verify", folder, *ICARUS, "--block", "ram_sdp", "--json")
    assert run.returncode == 0, run.stderr
    line = json.loads(run.stdout)[0]["rerun"]
    assert shlex.split(line)[2] == str(folder)
    run = hwgen("verify", folder, "--block", "ram_sdp")
    assert run.returncode == EXIT_USAGE
    assert f"Verilator cannot work in {folder}\n  make, which builds" in run.stderr


def processes_of(folder: Path) -> list[str]:
    """Command lines of running processes that name the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and path.parent.name != str(os.getpid()):
            found.append(line)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("extra", [(), ("--mutants", "2", "--jobs", "2")])
def test_no_simulation_outlives_an_interrupt(tiny, tmp_path, number, extra):
    process = subprocess.Popen(
        [*HWGEN, "verify", str(tiny), *ICARUS, "--block", "store", *extra],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(line.startswith("vvp ") for line in processes_of(tmp_path)):
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < deadline, "no simulation started"
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    if number == signal.SIGINT:
        assert process.returncode == EXIT_INTERRUPTED
        assert said.endswith("interrupted\n")
        assert "Traceback" not in said
        assert not list(tmp_path.glob("hwgen-mutant-*"))
    deadline = time.monotonic() + 10
    while left := processes_of(tmp_path):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_the_folder_stands_on_its_own(tiny):
    """Its Makefile runs a bench without hwgen, and writes nowhere but below sim_build."""
    before = listing(tiny)
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MAKEFLAGS")}
    run = subprocess.run(
        ["make", "-C", str(tiny), "test", "BLOCK=load_w", "SIM=icarus", "SEED=5",
         f"PYTHON={sys.executable}"],
        env=env, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2/2 runs passed" in run.stdout
    assert "seed 5" in run.stdout
    assert listing(tiny) == before
    where = subprocess.run(
        [sys.executable, "-B", "-c", "import hwgen.archs.n3h.golden as g; print(g.__file__)"],
        env={**env, "PYTHONPATH": "tb"}, cwd=tiny, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(tiny / "tb" / "hwgen")
    edit(tiny / "rtl" / "n3h_load_w.v", "i_x_beats != 16'd0", "1'b1")
    line = next(x for x in run.stdout.splitlines() if "_lib.bench" in x)
    again = subprocess.run(line, shell=True, env=env, cwd=tiny, capture_output=True, text=True,
                           check=False)  # fmt: skip
    assert again.returncode == 1
    assert "rerun: PYTHONPATH=tb:. python -m _lib.bench n3h load_w" in again.stdout
