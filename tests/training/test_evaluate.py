"""Evaluation: figures that are known beforehand, nothing asked or judged twice, and sentences."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hwgen.benchsuites.passk import pass_at_k
from hwgen.errors import UsageError
from hwgen.report.page import read_page
from hwgen.tasks.library import get_task
from hwgen.training.data.splits import split_of
from hwgen.training.evaluate import Asking, compare, compare_seeds, evaluate_tasks, paired
from hwgen.training.evaluate.draw import draw
from hwgen.training.evaluate.writer import identity_of
from hwgen.training.judged import Judging
from hwgen.training.records import append, read_lines
from hwgen.training.text import prompt_of
from hwgen.verify.verdict import Verdict

IDS = {
    "S": ["counter:width=4", "counter:width=5", "shift_register:width=4"],
    "C-new": ["counter:width=6@1", "shift_register:width=5@2"],
}
ALL = [name for names in IDS.values() for name in names]
WRONG = "module wrong; endmodule\n"
BROKEN = "modul"


@dataclass
class Said:
    """A sample as a policy gives it."""

    text: str
    ended: bool = True
    tokens: int = 3


@dataclass
class Writer:
    """Answers the reference `right` times, then something that compiles, then something that does
    not; dies at the `dies`-th call.
    """

    right: dict[str, int]
    compiled: int = 0
    dies: int = -1
    identity: str = "writer"
    calls: list[list[str]] = field(default_factory=list)

    def generate(self, prompts, *, samples, temperature, top_p, seed, batch, max_new_tokens):
        if len(self.calls) == self.dies:
            raise KeyboardInterrupt
        names = {prompt_of(get_task(name)): name for name in ALL}
        self.calls.append([names[prompt] for prompt in prompts])
        return [[Said(t) for t in self.texts(names[p], samples)] for p in prompts]

    def texts(self, name, samples):
        right = self.right.get(name, 0)
        found = [get_task(name).reference] * right + [WRONG] * self.compiled
        return (found + [BROKEN] * samples)[:samples]


@dataclass
class Stub:
    """A judge that knows its candidates by heart; `ours` are tasks at which it fails itself."""

    ours: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def start(self, candidates):
        self.asked += [name for name, _ in candidates]
        self.found = [self.judge(name, text) for name, text in candidates]
        return Done(self.found)

    def judge(self, name, text):
        if name in self.ours:
            return Verdict.stopped("simulate", "tool")
        if "wrong" in text:
            return Verdict.stopped("simulate", "mismatch")
        if text.strip() == BROKEN:
            return Verdict.stopped("screen", "syntax", line=1)
        return Verdict("PASS", "prove", assurance="proved", worthy="counter" in name)


@dataclass
class Done:
    found: list

    def verdicts(self):
        return self.found


def run(folder, writer, judging=None, *, samples=4, ids=IDS, resume=False, batch=4, said=None):
    return evaluate_tasks(
        writer, ids, samples=samples, temperature=0.8, seed=1, judging=judging or Stub(),
        folder=folder, resume=resume, say=(said if said is not None else []).append, batch=batch,
    )  # fmt: skip


RIGHT = {"counter:width=4": 4, "counter:width=5": 1, "counter:width=6@1": 2}


def test_figures_are_those_of_known_passes(tmp_path):
    report = run(tmp_path / "e", Writer(RIGHT, compiled=1), samples=5).as_dict()
    s, new = report["splits"]["S"], report["splits"]["C-new"]
    assert (report["total"], report["passed"]) == (5, 3)
    assert s["pass_at_k"]["1"]["value"] == pytest.approx((4 / 5 + 1 / 5 + 0) / 3)
    assert s["pass_at_k"]["5"]["value"] == pytest.approx(2 / 3)
    assert s["syntax_at_k"]["1"]["value"] == pytest.approx((5 / 5 + 2 / 5 + 1 / 5) / 3)
    assert s["function_of_syntax"] == pytest.approx(5 / 8)
    assert new["pass_at_k"]["1"]["value"] == pytest.approx(2 / 5 / 2)
    assert report["all"]["pass_at_k"]["1"]["value"] == pytest.approx(7 / 25)
    low, high = (s["pass_at_k"]["1"][key] for key in ("low", "high"))
    assert 0 <= low < 1 / 3 < high < 0.81
    assert "10" not in s["pass_at_k"]
    assert report["causes"] == {
        "syntax": {"S": 7, "C-new": 6}, "mismatch": {"S": 3, "C-new": 2},
    }  # fmt: skip
    counter = report["families"]["counter"]
    assert (counter["specs"], counter["samples"], counter["passed"]) == (3, 15, 7)
    assert counter["splits"] == {"S": 0.5, "C-new": 0.4}
    assert report["families"]["shift_register"]["rate"] == 0
    assert report["sentences"] == ["pass@10 cannot be estimated from 5 samples of a task"]


@pytest.mark.parametrize("c", range(11))
def test_pass_at_ten_of_ten_samples_is_whether_one_passed(tmp_path, c):
    one = {"S": ["counter:width=4"]}
    figures = run(tmp_path, Writer({"counter:width=4": c}), samples=10, ids=one).as_dict()["all"]
    assert figures["pass_at_k"]["10"]["value"] == float(c > 0)
    assert figures["pass_at_k"]["5"]["value"] == pytest.approx(pass_at_k(10, c, 5))


def test_a_pass_that_is_not_worthy_is_told_apart(tmp_path):
    figures = run(tmp_path, Writer(dict.fromkeys(ALL, 4))).as_dict()["all"]
    assert figures["pass_at_k"]["1"]["value"] == 1
    assert figures["worthy_at_k"]["1"]["value"] == pytest.approx(3 / 5)


def test_a_policy_that_passes_nothing_of_a_split_is_told_so(tmp_path):
    report = run(tmp_path, Writer({"counter:width=4": 1}))
    assert "0 of 2: split C-new is out of its domain (no sample compiles)" in report.sentences()
    assert "out of its domain" in report.text()
    assert not any("split S" in said for said in report.sentences())


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("dies", [0, 1, 3])
def test_a_stopped_run_goes_on_and_nothing_is_asked_or_judged_twice(tmp_path, dies):
    whole = Writer(RIGHT, compiled=1)
    run(tmp_path / "whole", whole)
    first, second, judge = Writer(RIGHT, 1, dies=dies), Writer(RIGHT, 1), Stub()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "e", first, judge)
    assert not (tmp_path / "e" / "result.json").exists()
    run(tmp_path / "e", second, judge, resume=True)
    assert first.calls + second.calls == whole.calls
    judged = read_lines(tmp_path / "e" / "verdicts.jsonl")
    assert len({(v["id"], v["n"]) for v in judged}) == len(judged) == 20
    assert files(tmp_path / "e") == files(tmp_path / "whole")
    third, still = Writer({}), Stub()
    run(tmp_path / "e", third, still, resume=True)
    assert (third.calls, still.asked) == ([], [])


def test_a_torn_line_costs_what_was_on_it(tmp_path):
    run(tmp_path / "whole", Writer(RIGHT))
    run(tmp_path / "e", Writer(RIGHT))
    for name in ("answers.jsonl", "verdicts.jsonl"):
        path = tmp_path / "e" / name
        path.write_bytes(path.read_bytes()[:-9])
    again, judge = Writer(RIGHT), Stub()
    run(tmp_path / "e", again, judge, resume=True)
    assert (len(again.calls), len(judge.asked)) == (1, 1)
    assert files(tmp_path / "e") == files(tmp_path / "whole")


def test_our_failures_count_as_failed_and_are_judged_again(tmp_path):
    right = dict.fromkeys(ALL, 4)
    report = run(tmp_path, Writer(right), Stub(("counter:width=4",)))
    assert (report.lost, report.rate("S"), report.as_dict()["lost"]) == (4, 2 / 3, 4)
    assert "4 samples could not be judged, by our failure: failed" in report.sentences()
    judge = Stub()
    report = run(tmp_path, Writer({}), judge, resume=True)
    assert judge.asked == ["counter:width=4"] * 4
    assert (report.lost, report.rate()) == (0, 1)


def said(call):
    with pytest.raises(UsageError) as raised:
        call()
    return str(raised.value)


def test_an_evaluation_is_neither_overwritten_nor_mixed_with_another(tmp_path):
    run(tmp_path, Writer(RIGHT))
    kept = files(tmp_path)
    assert "holds an evaluation" in said(lambda: run(tmp_path, Writer({})))
    other = said(lambda: run(tmp_path, Writer({}, identity="else"), samples=5, resume=True))
    assert "samples is 4 there, 5 here" in other
    assert "model is 'writer' there, 'else' here" in other
    assert files(tmp_path) == kept


def test_mistakes_are_sentences(tmp_path):
    assert "no task to evaluate" in said(lambda: run(tmp_path, Writer({}), ids={"S": []}))
    twice = {"S": ["counter:width=4"], "C-new": ["counter:width=4"]}
    assert "is given twice" in said(lambda: run(tmp_path, Writer({}), ids=twice))
    wrong = said(lambda: Asking(samples=0, temperature=-1.0, top_p=0.0, seed=-1))
    assert wrong.count("error:") == 4
    assert "would all be the same" in said(lambda: Asking(samples=5))
    (tmp_path / "file").write_text("")
    assert "is a file" in said(lambda: run(tmp_path / "file", Writer({})))
    (tmp_path / "lines").write_text('{"a": 1}\n7\n')
    assert "line 2" in said(lambda: read_lines(tmp_path / "lines"))


def test_draws_are_distinct_tasks_of_their_split_and_the_same_for_a_seed():
    lines: list[str] = []
    found = draw(["S", "C-test", "P-rl"], 6, 3, say=lines.append)
    assert {split: len(names) for split, names in found.items()} == {
        "S": 6, "C-test": 6, "P-rl": 6,
    }  # fmt: skip
    assert all(split_of(name) == split for split, names in found.items() for name in names)
    assert len({name.partition("@")[0] for names in found.values() for name in names}) == 18
    assert found == draw(["S", "C-test", "P-rl"], 6, 3)
    assert found != draw(["S", "C-test", "P-rl"], 6, 4)
    assert lines == ["split P-rl is no test set: training may have used its specs"]
    one = draw(["S"], 2, 0, ["counter"])
    assert all(name.startswith("counter:") for name in one["S"])


def test_draws_that_cannot_be_made():
    both = said(lambda: draw(["S", "out", "S"], 5, 0))
    assert "no split 'out'" in both
    assert "named twice" in both
    assert "no task or family 'countr'" in said(lambda: draw(["S"], 5, 0, ["countr"]))


def result(counts, samples=4):
    rows = [
        {"split": split, "id": name, "samples": samples, "passed": passed, "compiled": samples}
        for (split, name), passed in counts.items()
    ]
    return {"suite": "tasks", "rows": rows}


def test_a_comparison_is_paired_by_task():
    before = {("S", "a"): 0, ("S", "b"): 4, ("P-test", "c"): 2}
    after = {("P-test", "c"): 4, ("S", "b"): 4, ("S", "a"): 2}
    found = compare(result(before), result(after))
    assert found["all"]["specs"] == 3
    assert found["all"]["before"] == pytest.approx(0.5)
    assert found["all"]["difference"] == pytest.approx(1 / 3)
    assert found["splits"]["S"]["difference"] == pytest.approx(0.25)
    assert found["splits"]["P-test"]["low"] == found["splits"]["P-test"]["high"] == 0.5
    assert compare(result(before), result(after), counted="compiled")["all"]["difference"] == 0
    best = compare(result(before), result(after), k=4)["splits"]["S"]
    assert (best["before"], best["after"]) == (0.5, 1.0)


def test_pairing_sees_what_two_intervals_would_not():
    """Hard and easy tasks, each a little better: the difference is sure, the level is not."""
    pairs = [(i / 100, i / 100 + 0.01 * (i % 3)) for i in range(90)]
    found = paired(pairs)
    assert found["difference"] == pytest.approx(0.01)
    assert 0 < found["low"] < 0.01 < found["high"] < 0.015
    assert paired([(b, a) for a, b in pairs])["high"] == pytest.approx(-found["low"])
    assert paired(pairs) == found


def test_seeds_are_averaged_by_task():
    first = result({("S", "a"): 0, ("S", "b"): 2}), result({("S", "a"): 2, ("S", "b"): 2})
    second = result({("S", "a"): 0, ("S", "b"): 4}), result({("S", "a"): 4, ("S", "b"): 2})
    found = compare_seeds([first, second])
    # task a gains 1/2 and 1, task b 0 and -1/2
    assert found["all"]["difference"] == pytest.approx((0.75 - 0.25) / 2)
    assert (found["all"]["low"], found["all"]["high"]) == (-0.25, 0.75)
    assert [run["all"]["difference"] for run in found["runs"]] == [0.25, 0.25]
    assert found["runs"][1] == compare(*second)
    other = result({("S", "a"): 0}), result({("S", "a"): 2})
    assert "different tasks" in said(lambda: compare_seeds([first, other]))
    assert "no run" in said(lambda: compare_seeds([]))


def test_comparisons_that_cannot_be_made(tmp_path):
    a, b = result({("S", "a"): 0}), result({("S", "b"): 0})
    assert "the same tasks" in said(lambda: compare(a, b))
    assert "pass@5" in said(lambda: compare(a, a, k=5))
    assert "hold no task" in said(lambda: compare(result({}), result({})))
    assert "is no evaluation" in said(lambda: compare({"rows": [3]}, a))
    assert "is no evaluation" in said(lambda: compare(tmp_path, tmp_path))


def test_results_on_disk_are_compared_and_shown(tmp_path):
    run(tmp_path / "a", Writer(RIGHT))
    run(tmp_path / "b", Writer(dict.fromkeys(ALL, 4)))
    found = compare(tmp_path / "a", tmp_path / "b" / "result.json")
    assert found["all"]["after"] == 1
    assert found["splits"]["S"]["before"] == pytest.approx(5 / 12)
    page = (tmp_path / "a" / "report.html").read_text()
    assert read_page(tmp_path / "a" / "result.json") == page
    for words in ("shift_register", "The source does not parse.", "41.7% (", "C-new"):
        assert words in page
    assert "<script" not in page
    assert "http" not in page


def test_the_judge_finds_references_right_and_their_twins_wrong(tmp_path):
    ids = {"S": ["counter:width=4"], "P-test": ["counter:width=5"]}

    class Twins(Writer):
        def texts(self, name, samples):
            right = get_task(name).reference
            fenced = f"Here it is:\n```verilog\n{right}```\nDone."
            return [right, fenced, right.replace("+", "-"), "module", ""]

    with Judging(0, until="simulate", jobs=1) as judging:
        figures = run(tmp_path, Twins({}), judging, samples=5, ids=ids).as_dict()
    for split in ids:
        assert figures["splits"][split]["pass_at_k"]["1"]["value"] == pytest.approx(2 / 5)
        assert figures["splits"][split]["syntax_at_k"]["1"]["value"] == pytest.approx(3 / 5)
    both = {"S": 1, "P-test": 1}
    assert figures["causes"] == {"empty": both, "mismatch": both, "syntax": both}


@pytest.fixture(scope="module")
def policy():
    torch = pytest.importorskip("torch")
    from hwgen.training.policy import Size, new_policy

    torch.set_num_threads(1)
    texts = [prompt_of(get_task(name)) for name in ALL]
    return new_policy(Size(layers=1, width=64, heads=2, vocab=320, context=320), texts, 0)


def test_a_real_model_is_asked_within_its_context(tmp_path, policy):
    ids = {"S": IDS["S"], "C-new": ["stream_crc"]}
    assert 20_000 < policy.parameters < 80_000
    judge = Stub()
    report = run(tmp_path / "a", policy, judge, ids=ids, batch=8)
    assert {row.id: row.causes for row in report.rows}["stream_crc"] == {"context": 4}
    assert "C-new: 1 prompts do not fit the policy's context: failed" in report.sentences()
    assert sorted(judge.asked) == sorted(IDS["S"] * 4)
    tokens = sum(row.tokens for row in report.rows)
    assert 12 <= tokens <= 12 * policy.context
    run(tmp_path / "b", policy, ids=ids, batch=8)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_the_identity_of_a_model_changes_with_its_weights(policy):
    import torch

    before = identity_of(policy)
    assert before == identity_of(policy)
    weight = policy.model.model.norm.weight
    with torch.no_grad():
        weight.add_(1e-3)
        assert identity_of(policy) != before
        weight.sub_(1e-3)


def test_a_line_is_whole_or_not_there(tmp_path):
    path = Path(tmp_path / "x.jsonl")
    append(path, [{"a": 1}, {"a": "\u2028\n"}])
    with path.open("ab") as file:
        file.write(b'{"a": ')
    assert read_lines(path) == [{"a": 1}, {"a": "\u2028\n"}]
    append(path, [{"a": 3}])
    assert [json.loads(line)["a"] for line in path.read_text().split("\n")[:-1]][-1] == 3
