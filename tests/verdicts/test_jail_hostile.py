"""Code that already runs inside the jail reaches nothing, and the next job finds it as new."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hwgen.errors import HwgenError
from hwgen.verify.jail import binds
from hwgen.verify.jail.cells import Caps, Cell, Jail

HERE = Path(__file__).parent
CAPS = Caps(cpu_s=2, wall_s=20, files=4 << 20, inodes=64, reply=1 << 20)
HIDDEN = "/etc/passwd", "/proc/self/status", "/home", "/sys", "/var", "/tmp", "/run", "/dev/mem"
OUTSIDE = [  # but for folders above a checkout or an environment that lies there
    path for path in HIDDEN if not any(way.startswith(f"{path}/") for way in binds.seen())
]
BOTH = pytest.mark.parametrize("cell", ["bwrap", "unshare"], indirect=True)
pytestmark = BOTH


@pytest.fixture(scope="module")
def cells():
    opened = {}

    def take(walls):
        if walls not in opened:
            opened[walls] = Cell("sim", Jail(walls), shown=(HERE,))
            try:
                opened[walls].call("hwgen.verify.jail.tool:ping", {}, CAPS)
            except HwgenError as error:
                opened[walls] = str(error)
        return opened[walls]

    yield take
    for cell in opened.values():
        if isinstance(cell, Cell):
            cell.close()


@pytest.fixture
def cell(cells, request):
    """A cell that answers after the test as it did before."""
    found = cells(request.param)
    if isinstance(found, str):
        pytest.skip(found)
    yield found
    reply = found.call("hwgen.verify.jail.tool:ping", {"n": 1}, CAPS)
    assert (reply.status, reply.data) == ("ok", {"payload": {"n": 1}, "first": True})


def run(cell, job, payload=None, caps=CAPS):
    return cell.call(f"jail_jobs:{job}", payload or {}, caps)


def test_no_network(cell):
    assert run(cell, "network").data == {"socket": "EPERM", "six": "EPERM", "netlink": "EPERM"}


def test_nothing_of_the_host_can_be_read(cell, tmp_path):
    (tmp_path / "secret").write_text("secret")
    root = Path(__file__).parents[2]
    mine = [str(tmp_path / "secret"), str(Path.home() / ".profile"), str(root / "pyproject.toml")]
    assert (root / "pyproject.toml").exists()
    answers = run(cell, "read", {"paths": [*OUTSIDE, *mine]}).data
    assert set(answers.values()) <= {"ENOENT", "EACCES"}


def test_nothing_outside_can_be_written(cell):
    folders = ["/", "/usr", "/usr/lib", "/dev", str(HERE), str(HERE.parents[1] / "hwgen")]
    answers = run(cell, "write", {"paths": folders}).data
    assert set(answers) == set(folders)
    assert set(answers.values()) <= {"EROFS", "EACCES"}


def test_the_folder_is_empty_and_so_is_the_environment(cell):
    for _ in range(2):
        data = run(cell, "listing").data
        assert (data["here"], data["environment"]) == ([], {})
        ways = {way.split("/")[1] for way in binds.seen()}
        assert not {"etc", "sys", "home", "old"} & (set(data["root"]) - ways)
        assert set(data["proc"]) <= {"self"}  # a link to Python that Yosys reads, and nothing else
        assert run(cell, "many_files").data["count"] > 10


def test_no_other_process_can_be_reached(cell):
    assert run(cell, "kill_others").data == {"reached": [], "all": "ESRCH"}


def test_no_power_is_left(cell):
    answers = run(cell, "powers").data
    assert answers.pop("root") in ("EPERM", "EINVAL")  # the latter where there is no such user
    assert set(answers.values()) == {"EPERM"}
    assert set(run(cell, "chown").data.values()) <= {"EPERM", "EACCES", "EINVAL"}


def test_files_are_capped(cell):
    data = run(cell, "huge_file").data
    assert data["error"] in ("EFBIG", "ENOSPC")
    assert data["size"] <= CAPS.files
    data = run(cell, "huge_folder").data
    assert data["error"] == "ENOSPC"
    assert data["size"] <= CAPS.files
    data = run(cell, "many_files").data
    assert data["error"] == "ENOSPC"
    assert data["count"] <= CAPS.inodes
    data = run(cell, "many_descriptors").data
    assert data["error"] == "EMFILE"
    assert data["count"] <= 256


def test_a_fork_bomb_stays_small_and_goes(cell):
    data = run(cell, "fork_bomb").data
    assert data["error"] == "EAGAIN"
    assert 1 <= data["count"] < 64
    assert run(cell, "endless_forks", caps=Caps(cpu_s=2, wall_s=0.5)).status == "wall"
    assert run(cell, "fork_bomb").data["count"] == data["count"]


def test_memory_is_capped(cell):
    assert run(cell, "hog").status == "memory"
    assert run(cell, "hog_by_tool").data == {"code": 1, "error": True}


def test_talk_of_a_tool_is_capped(cell):
    data = run(cell, "says", {"code": "while True: print('x' * 1000)"}).data
    assert data["cut"] is True
    assert len(data["out"]) == 1 << 16


def test_cpu_is_capped(cell):
    reply = run(cell, "spin", caps=Caps(cpu_s=1, wall_s=20))
    assert reply.status == "cpu"
    assert 0.5 <= reply.cpu_s < 2
    data = run(cell, "says", {"code": "while True: pass", "cpu_s": 1}).data
    assert data["signal"] == signal.SIGXCPU


def test_sleep_ends_at_the_wall_limit(cell):
    started = time.monotonic()
    assert run(cell, "sleep", caps=Caps(cpu_s=2, wall_s=0.3)).status == "wall"
    assert time.monotonic() - started < 2


def test_a_closed_pipe(cell):
    started = time.monotonic()
    assert run(cell, "close_pipe").status == "crash"
    assert time.monotonic() - started < 5


def test_crashes(cell):
    for how in ("abort", "null"):
        assert run(cell, "fault", {"how": how}).status == "crash"
    assert run(cell, "leave", {"code": 1}).status == "crash"
    assert run(cell, "leave", {"code": 0}).status == "crash"
    reply = run(cell, "raises")
    assert reply.status == "crash"
    assert reply.data["error"].startswith("ValueError: ")
    assert run(cell, "suicide").data == {"alive": True}


@pytest.mark.parametrize("text", [b"\0\xff\xfe", b"nonsense", b"[1]", b"3", b'{"a": ', b"9" * 5000])
def test_garbage(cell, text):
    reply = run(cell, "garbage", {"hex": text.hex()})
    assert (reply.status, reply.data) == ("crash", {})


def test_giant_and_deep_replies(cell):
    assert run(cell, "giant").status == "output"
    assert run(cell, "large", {"size": 2 << 20}).status == "output"
    assert len(run(cell, "large", {"size": 1 << 19}).data["text"]) == 1 << 19
    assert run(cell, "deep").status == "crash"


def test_what_a_tool_leaves_behind_is_killed(cell):
    started = time.monotonic()
    assert run(cell, "orphans").data == {"out": "gone\n", "left": "ESRCH"}
    assert time.monotonic() - started < 2


def test_a_tool_reads_what_it_is_given_and_else_nothing(cell):
    code = "import sys; print(len(sys.stdin.read()))"
    assert run(cell, "says", {"code": code}).data["out"] == "0\n"
    assert run(cell, "says", {"code": code, "stdin": "x" * 99}).data["out"] == "99\n"


def inside(pid):
    """The processes below `pid`, deepest last."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in inside(int(child)))]


def gone(pids):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.01)
    return False


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("depth", [0, 1, 2, -1])
def test_kill_9_of_any_process_loses_the_call_and_nothing_else(cell, depth):
    assert run(cell, "listing").status == "ok"
    family = []

    def strike():
        time.sleep(0.2)
        family.extend(inside(cell.pid))
        os.kill(family[depth], signal.SIGKILL)

    killer = threading.Thread(target=strike)
    killer.start()
    started = time.monotonic()
    reply = run(cell, "sleep")
    killer.join()
    assert reply.status == "lost"
    assert time.monotonic() - started < 3
    assert len(family) >= 3
    if family[depth] == family[-1]:  # the job itself: its cell stays
        assert gone(family[-1:])
        assert alive(family[0])
    else:
        assert gone(family)
    assert run(cell, "listing").status == "ok"


PARENT = """
import sys
from pathlib import Path
from hwgen.verify.jail import binds
from hwgen.verify.jail.cells import Caps, Cell, Jail
with Cell("sim", Jail(sys.argv[1]), shown=(Path(sys.argv[2]),)) as cell:
    cell.call("hwgen.verify.jail.tool:ping", {}, Caps(1, 5))
    print(cell.pid, flush=True)
    cell.call("jail_jobs:sleep", {}, Caps(1, 60))
"""


def test_kill_9_of_the_parent_takes_everything_along(cell):
    command = [sys.executable, "-c", PARENT, cell.jail.walls, str(HERE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE.parents[1]) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(0.2)
        family = inside(pid)
        assert len(family) >= 3
        parent.kill()
    assert gone(family)


def test_closing_leaves_nobody(cell):
    run(cell, "listing")
    family = inside(cell.pid)
    cell.close()
    assert cell.pid is None
    assert gone(family)
