"""Task folders: what is read, and every way in which one can be wrong."""

import pytest

from hwgen.emit.env import render
from hwgen.errors import UsageError
from hwgen.tasks.folder import read_task
from hwgen.tasks.library import find_task

GOLDEN = "class Golden:\n    def reset(self): pass\n    def step(self, i): return {'q': 0}\n"
YAML = """
id: small
prompt: hold 0
module: small
clock: clk
ports: [{name: clk, dir: in}, {name: q, dir: out}]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "task.yaml").write_text(YAML)
    (tmp_path / "golden.py").write_text(GOLDEN)
    return tmp_path


def said(folder) -> str:
    with pytest.raises(UsageError) as caught:
        read_task(folder)
    return str(caught.value)


def test_a_small_folder_is_a_task(folder):
    task = read_task(folder)
    assert (task.spec.kind, task.spec.limits.vectors) == ("cycle", 300)
    assert task.golden().step({}) == {"q": 0}
    assert (task.stimulus, task.reference, task.origin) == (None, None, str(folder))


@pytest.mark.parametrize("kind", ["comb", "cycle", "stream"])
def test_the_folders_to_begin_with_are_tasks(tmp_path, kind):
    for file in ("task.yaml", "golden.py", "reference.v"):
        (tmp_path / file).write_text(render(f"tasks/new/{kind}/{file}.j2", {"id": "mine"}))
    task = read_task(tmp_path)
    assert task.spec.kind == kind
    assert f"module {task.spec.module}" in task.reference


def test_the_digest_covers_what_a_verdict_depends_on(folder):
    first = read_task(folder).digest
    (folder / "task.yaml").write_text(YAML.replace("hold 0", "stay 0"))
    assert read_task(folder).digest == first
    (folder / "golden.py").write_text(GOLDEN + "\n# other\n")
    second = read_task(folder).digest
    (folder / "reference.v").write_text("module small; endmodule")
    assert len({first, second, read_task(folder).digest}) == 3


def test_no_task_at_all(tmp_path):
    assert "has no task.yaml" in said(tmp_path)
    with pytest.raises(UsageError, match="no task or family"):
        find_task("countre")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("id: small", "id: [", "cannot be read"),
        ("id: small\n", "", "id is missing"),
        ("module: small", "module: 7up", "module = '7up' is not usable"),
        ("clock: clk", "clocks: clk", "clocks is unknown"),
        ("clock: clk", "clock: clock", "clock = clock is no input port of one bit"),
        ("clock: clk", "kind: comb\nclock: clk", "kind comb has a clock"),
        ("clock: clk\n", "", "kind cycle has no clock"),
        ("name: q,", "name: clk,", "port clk is listed 2 times"),
        ("name: q,", "name: reg,", "reg is a word of Verilog"),
        ("dir: out", "dir: in", "there is no output port"),
        ("dir: out", "dir: out, width: 0", "ports.1.width = 0 is not usable"),
        ("dir: out", "dir: out, width: 5000", "less than or equal to 4096"),
        ("clock: clk", "clock: clk\nreset: {port: r}", "reset.port = r is no input port"),
        ("clock: clk", "clock: clk\nkind: stream", "no stream leaves the block"),
    ],
)
def test_every_broken_rule_gets_a_sentence(folder, old, new, sentence):
    (folder / "task.yaml").write_text(YAML.replace(old, new))
    assert sentence in said(folder)


def test_all_problems_of_all_files_at_once(folder):
    (folder / "task.yaml").write_text(YAML.replace("module: small", "module: 7up\ntype: x"))
    (folder / "golden.py").write_text("import nothing_of_this_name")
    message = said(folder)
    for sentence in ("module = '7up'", "type is unknown", "does not run: ModuleNotFoundError"):
        assert sentence in message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "golden.py has no Golden"),
        ("class Golden:\n    def step(self, i): pass", "Golden has no reset"),
        ("class Golden: pass", "Golden has no reset and no step"),
        ("1 / 0", "does not run: ZeroDivisionError"),
        ("def (", "does not run: SyntaxError"),
    ],
)
def test_a_golden_model_that_is_none(folder, text, sentence):
    (folder / "golden.py").write_text(text)
    assert sentence in said(folder)


def test_streams_must_fit_their_ports(tmp_path):
    text = render("tasks/new/stream/task.yaml.j2", {"id": "mine"})
    (tmp_path / "golden.py").write_text(GOLDEN)
    for old, new, sentence in (
        ("ready: s_ready", "ready: m_ready", "m_ready goes the wrong way"),
        ("payload: [m_data]", "payload: [m_dat]", "stream m: no port m_dat"),
        ("payload: [s_data, s_last]", "payload: [s_data]", "port s_last belongs to no stream"),
    ):
        (tmp_path / "task.yaml").write_text(text.replace(old, new))
        assert sentence in said(tmp_path)
