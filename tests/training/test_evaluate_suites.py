"""A policy on public benchmarks: what it is asked, where its answers go, what is said of them."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import small_suites

from hwgen.benchsuites import verilog_eval
from hwgen.benchsuites.health import Judged
from hwgen.benchsuites.problem import Problem
from hwgen.errors import UsageError
from hwgen.training.evaluate import Asking, compare, suites
from hwgen.training.evaluate.suites import Place, cause_of, evaluate_policy, evaluate_solutions
from hwgen.training.records import read_lines
from hwgen.verify.jail.cells import find_jail

ASKING = Asking(samples=2, temperature=0.8)
IDS = ("Prob001_and", "Prob002_count", "Prob003_wires", "Prob004_long")


@dataclass
class Said:
    text: str
    ended: bool = True
    tokens: int = 1


@dataclass
class Writer:
    """Answers with `texts` by problem, and remembers which problems it was asked."""

    texts: dict[str, list[str]]
    identity: str = "writer"
    asked: list[str] = field(default_factory=list)

    def generate(self, prompts, *, samples, temperature, top_p, seed, batch, max_new_tokens):
        names = [next(name for name in IDS if f"Make {name}." in prompt) for prompt in prompts]
        self.asked += names
        return [[Said(t) for t in self.texts.get(n, ["no idea"] * samples)] for n in names]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("HWGEN_CACHE", str(tmp_path / "cache"))
    problems = verilog_eval.read(small_suites.verilog_eval(tmp_path / "suite"))
    return Place("verilog-eval", problems, find_jail(), 2, tmp_path / "out")


def run(place, writer, *, resume=False, asking=ASKING):
    said: list[str] = []
    return evaluate_policy(
        writer, asking, place, resume=resume, say=said.append, progress=lambda *_: None
    )


def test_answers_become_solutions_that_are_judged_like_anybodys(place, monkeypatch):
    fenced = f"Sure:\n```verilog\n{small_suites.AND.strip()}\n```\nThis is an and."
    wrong = small_suites.COUNT.replace("q + 1", "q + 2")
    writer = Writer({
        "Prob001_and": [fenced, "assign y = a;"],
        "Prob002_count": [small_suites.COUNT, wrong],
    })  # fmt: skip
    found = run(place, writer)
    assert sorted(writer.asked) == sorted(IDS)
    folder = place.folder / "solutions" / "Prob001_and"
    assert (folder / "000.sv").read_text() == small_suites.AND.strip() + "\n"
    assert (found["total"], found["passed"]) == (4, 2)
    assert found["pass_at_k"]["1"]["value"] == pytest.approx((1 / 2 + 1 / 2) / 4)
    assert found["syntax_at_k"]["1"]["value"] == pytest.approx((1 / 2 + 2 / 2) / 4)
    assert found["causes"]["mismatch"] == 1
    assert found["causes"]["the suite's problem cannot be judged"] == 2
    assert found["sentences"] == []
    assert "Prob002_count" in (place.folder / "report.html").read_text()

    judged: list[str] = []
    real = suites.evaluate

    def counted(suite, problems, solutions, *rest):
        judged.extend(name for names in solutions.values() for name in names)
        return real(suite, problems, solutions, *rest)

    monkeypatch.setattr(suites, "evaluate", counted)
    lines = place.folder / "verdicts.jsonl"
    lines.write_text("".join(lines.read_text().splitlines(keepends=True)[:-1]))
    again = Writer({})
    assert run(place, again, resume=True) == found
    assert again.asked == []
    assert len(judged) == 1
    assert len(read_lines(lines)) == 8
    assert compare(place.folder, place.folder)["splits"]["verilog-eval"]["specs"] == 4
    with pytest.raises(UsageError, match=r"temperature is 0\.8 there, 0\.2 here"):
        run(place, again, resume=True, asking=Asking(samples=2, temperature=0.2))


def test_a_policy_out_of_its_domain_is_told_so(place):
    found = run(place, Writer({}))
    assert found["passed"] == 0
    assert found["sentences"] == ["0 of 4: verilog-eval is out of its domain (no sample compiles)"]
    assert "out of its domain" in (place.folder / "report.html").read_text()


def test_prompts_that_do_not_fit_are_failed_and_named(place, monkeypatch):
    from hwgen.training.evaluate import answers

    monkeypatch.setattr(answers, "room_for", lambda *_: False)
    found = run(place, Writer({}))
    assert found["causes"] == {"the prompt does not fit the policy's context": 8}
    assert found["unattempted"] == list(IDS)
    assert "4 prompts do not fit the policy's context: failed" in found["sentences"]
    assert not (place.folder / "solutions").exists()


def test_solutions_of_others_are_kept_track_of_too(place, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "Prob001_and.sv").write_text(small_suites.AND)
    mine = str(tmp_path / "mine")
    found = evaluate_solutions(mine, place, resume=False, progress=lambda *_: None)
    assert (found["passed"], found["sentences"]) == (1, [])
    assert len(read_lines(place.folder / "verdicts.jsonl")) == 1
    assert evaluate_solutions(mine, place, resume=True, progress=lambda *_: None) == found
    with pytest.raises(UsageError, match="holds an evaluation"):
        evaluate_solutions(mine, place, resume=False, progress=lambda *_: None)


def test_a_prompt_shows_the_head_that_a_suite_fixes_once():
    head = "module TopModule (\n  input a,\n  output y);\n"
    bare = Problem("p", "Make an inverter.\n", "", "", opening=head)
    assert suites.suite_prompt(bare) == (
        "Make an inverter.\nThe module begins:\nmodule TopModule (\n  input a,\n  output y);\n"
        "Write the complete Verilog module.\nanswer:\n"
    )
    whole = Problem("p", f"// Make an inverter.\n\n{head.replace('  ', ' ')}", "", "", opening=head)
    assert suites.suite_prompt(whole).count("module TopModule") == 1


@pytest.mark.parametrize(
    ("why", "broken", "cause"),
    [
        ("", False, ""),
        ("screen: forbidden (line 3: $display)", False, "forbidden"),
        ("compile", False, "compile"),
        ("mismatch at 120 ps", False, "mismatch"),
        ("the bench has not settled after 200 rounds", False,
         "the bench has not settled after N rounds"),
        ("its bench never ends", True, "the suite's problem cannot be judged"),
    ],
)  # fmt: skip
def test_causes_are_few_and_without_numbers(why, broken, cause):
    assert cause_of(Judged("p", "s", why, ""), broken) == cause
    assert cause_of(Judged("p", "s", why or "x", "", lost="jail"), broken) == "lost"


def test_the_room_needs_no_torch():
    rooms = "hwgen.training.evaluate.suites, hwgen.training.evaluate.draw"
    code = f"import {rooms}, sys; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert not {"torch", "transformers", "datasets"} & set(ran.stdout.split())
