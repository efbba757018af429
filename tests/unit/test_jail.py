"""The jail's parent side: finding it, starting it, losing it, and what it can be told."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hwgen.errors import HwgenError, ToolMissing
from hwgen.verify.jail import binds, limits, walls
from hwgen.verify.jail import cells as jail
from hwgen.verify.jail.cells import Caps, Cell, Jail, Reply, find_jail
from hwgen.verify.jail.tool import tool

ROOT = Path(__file__).parents[2]
CAPS = Caps(cpu_s=2, wall_s=20)
PING = "hwgen.verify.jail.tool:ping"


@pytest.fixture
def unfound():
    jail._found.cache_clear()
    yield
    jail._found.cache_clear()


@pytest.fixture(params=["bwrap", "unshare", "none"])
def cell(request):
    with Cell("sim", Jail(request.param)) as opened:
        try:
            opened.call(PING, {}, CAPS)
        except HwgenError as error:
            pytest.skip(str(error))
        yield opened


def test_a_call_and_its_reply(cell):
    reply = cell.call(PING, {"text": "é\n", "n": [1, None]}, CAPS)
    first = cell.jail.isolated
    assert reply.status == "ok"
    assert reply.data == {"payload": {"text": "é\n", "n": [1, None]}, "first": first}
    assert 0 < reply.cpu_s < 1


def test_the_probe_finds_every_door_shut(cell, tmp_path):
    (tmp_path / "secret").touch()
    secret, package = str(tmp_path / "secret"), str(ROOT / "hwgen")
    payload = {"files": [secret], "shown": binds.seen(), "written": [package]}
    reply = cell.call("hwgen.verify.jail.probe:look", payload, CAPS)
    found = reply.data["open"]
    if cell.jail.isolated:
        assert found == []
    else:
        assert f"it sees {tmp_path}/secret" in found
        assert "it sees other processes" in found
        assert "it reaches the network" not in found


def test_an_order_that_cannot_be_run(cell):
    for job in ("hwgen.verify.jail.tool:nothing", "hwgen.verify.nowhere:job", "nonsense"):
        with pytest.raises(HwgenError, match=f"the jail has no job .*{job}"):
            cell.call(job, {}, CAPS)
    assert cell.call(PING, {}, CAPS).status == "ok"


def test_large_payloads(cell):
    text = "x" * (3 << 20)
    assert cell.call(PING, {"text": text}, CAPS).data["payload"]["text"] == text


def test_a_closed_cell_opens_again(cell):
    pid = cell.pid
    cell.close()
    assert cell.pid is None
    assert cell.call(PING, {}, CAPS).status == "ok"
    assert cell.pid not in (None, pid)


def test_a_server_that_died_between_calls_is_replaced_unseen(cell):
    os.kill(cell.pid, 9)
    cell._server.wait()
    assert cell.call(PING, {}, CAPS).status == "ok"


def test_an_interrupted_call_leaves_no_answer_behind(cell, monkeypatch):
    def interrupted(*rest):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(jail._Talk, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            cell.call(PING, {"n": 1}, CAPS)
    assert cell.call(PING, {"n": 2}, CAPS).data["payload"] == {"n": 2}


def test_threads_take_turns(cell):
    answers = {}

    def ask(n):
        answers[n] = cell.call(PING, {"n": n}, CAPS).data["payload"]["n"]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: n for n in range(8)}


def test_a_job_without_walls_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(Path("/tmp").glob("hwgen-job-*"))
    with Cell("sim", Jail("none"), shown=(ROOT / "tests" / "verdicts",)) as cell:
        assert cell.call("jail_jobs:huge_file", {}, CAPS).data["error"] == "EFBIG"
        assert cell.call("jail_jobs:sleep", {}, Caps(cpu_s=1, wall_s=0.2)).status == "wall"
        data = cell.call("jail_jobs:says", {"code": "print(1)"}, CAPS).data
    assert data == {"code": 0, "signal": 0, "out": "1\n", "cut": False}
    assert set(Path("/tmp").glob("hwgen-job-*")) == before


def test_warm_libraries():
    pytest.importorskip("pyslang")
    with Cell("screen", find_jail()) as cell:
        assert cell.call(PING, {}, CAPS).status == "ok"


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(jail._WARM, "sim", "no_such_library")
    with Cell("sim", find_jail()) as cell, pytest.raises(ToolMissing) as caught:
        cell.call(PING, {}, CAPS)
    problem = caught.value.problems[0]
    assert problem.what == "the jail's Python: No module named 'no_such_library'"
    assert problem.fix == "pip install 'hwgen[sim]'"


def test_no_walls_at_all(unfound, monkeypatch):
    def nothing(*rest):
        raise HwgenError("no walls")

    monkeypatch.setattr(walls, "start", nothing)
    with pytest.raises(ToolMissing) as caught:
        find_jail()
    problem = caught.value.problems[0]
    assert problem.what == "there is no jail on this machine (bwrap: no walls; unshare: no walls)"
    assert "apt-get install bubblewrap" in problem.fix
    unsafe = find_jail(unsafe=True)
    assert (unsafe, unsafe.isolated) == (Jail("none"), False)


def test_without_bubblewrap_our_own_walls_stand(unfound, monkeypatch, tmp_path):
    try:
        with Cell("sim", Jail("unshare")) as cell:
            cell.call(PING, {}, CAPS)
    except HwgenError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        Cell("sim", Jail("bwrap")) as cell,
        pytest.raises(ToolMissing, match="bwrap is not on PATH"),
    ):
        cell.call(PING, {}, CAPS)
    assert find_jail(unsafe=True) == Jail("unshare")


def test_walls_that_only_pretend(unfound, monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text('#!/bin/sh\necho "bwrap: no permission" >&2\nexit 1\n')
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with Cell("sim", Jail("bwrap")) as cell, pytest.raises(HwgenError) as caught:
        cell.call(PING, {}, CAPS)
    assert "did not start" in str(caught.value) or "cannot be mapped" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "data", "expected"),
    [
        ("ok", b'{"a":1}', Reply("ok", {"a": 1}, 0.5)),
        ("ok", b"", Reply("crash", {}, 0.5)),
        ("ok", b"[]", Reply("crash", {}, 0.5)),
        ("crash", b'{"error":"x"}', Reply("crash", {"error": "x"}, 0.5)),
        ("crash", b"\xff", Reply("crash", {}, 0.5)),
        ("wall", b'{"a":1}', Reply("wall", {}, 0.5)),
        ("lost", b"", Reply("lost", {}, 0.5)),
    ],
)
def test_what_a_child_wrote_is_judged(status, data, expected):
    assert jail._judged(status, 0.5, data) == expected


def test_only_code_is_shown():
    seen = binds.seen()
    assert not {"/", "/etc", "/home", "/proc", str(Path.home()), str(ROOT)} & set(seen)
    assert any(str(ROOT / "hwgen").startswith(path) for path in seen)
    assert binds.outermost(["/usr/lib", "/usr", "/usr/libx", "/no/such"]) == ("/usr",)
    assert binds.parents(["/a/b/c", "/a/d"]) == ["/a", "/a/b"]


def test_a_tool_in_somebodys_home_does_not_show_the_home(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "vvp").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert binds._prefix("vvp") == ""
    monkeypatch.setenv("HOME", "/home/somebody")
    assert binds._prefix("vvp") == str(tmp_path)
    assert binds._prefix("iverilog") == ""


def test_a_tool_that_does_not_exist():
    with pytest.raises(OSError, match="No such file") as caught:
        tool(["/no/such/tool"], cpu_s=1, output=10)
    assert caught.value.errno == errno.ENOENT


def test_numbers_of_an_unknown_machine(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert not limits.supported()
    with pytest.raises(OSError, match="no jail"):
        limits.number("clone")


def test_both_machines_have_a_filter(monkeypatch):
    programs = set()
    for machine in ("x86_64", "aarch64"):
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        programs.add(limits.filter_program())
    assert len(programs) == 2
    assert len({len(program) for program in programs}) == 1


ORDINARY = """
import sys
from pathlib import Path
from hwgen.verify.jail import binds
from hwgen.verify.jail.cells import Caps, Cell, Jail
caps = Caps(2, 20)
shown = [*binds.seen(), str(Path("tests/verdicts").absolute())]
payload = {"files": sys.argv[2:], "shown": shown, "written": [str(Path.cwd())]}
with Cell("sim", Jail(sys.argv[1]), shown=(Path("tests/verdicts"),)) as cell:
    print(cell.call("hwgen.verify.jail.probe:look", payload, caps).data)
    bomb = cell.call("jail_jobs:fork_bomb", {}, caps).data
    print(bomb["error"], bomb["count"] < 64)
    print(cell.call("jail_jobs:sleep", {}, Caps(1, 0.2)).status)
    print(cell.call("jail_jobs:says", {"code": "print(6 * 7)"}, caps).data["out"])
"""


@pytest.mark.parametrize("kind", ["bwrap", "unshare"])
def test_as_an_ordinary_user(kind, tmp_path):
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if os.geteuid() != 0 or not shutil.which("setpriv") or python is None:
        pytest.skip("only root can become an ordinary user")
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-B"]
    reads = "import sys, os; sys.exit(sys.version_info < (3, 11) or not os.path.exists('hwgen'))"
    if subprocess.run([*as_nobody, "-c", reads], cwd=ROOT, check=False).returncode:
        pytest.skip("an ordinary user has no Python here, or cannot read the source")
    run = subprocess.run(
        [*as_nobody, "-c", ORDINARY, kind, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert run.stderr == ""
    assert run.stdout.split("\n") == ["{'open': []}", "EAGAIN True", "wall", "42", "", ""]


def test_the_server_imports_little():
    code = "import sys, hwgen.verify.jail.warden; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "hwgen.verify.jail.tool" in loaded
    assert not {"pydantic", "numpy", "typer", "yaml", "subprocess", "tempfile"} & loaded
