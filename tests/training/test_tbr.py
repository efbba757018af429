"""Trace-back based rescore: hand-computed trees, sampling, reflection, resuming."""

from __future__ import annotations

import json

import pytest
import torch

from hwgen.errors import HwgenError, UsageError
from hwgen.tasks.library import get_task
from hwgen.training import policy as policies
from hwgen.training.policy import Sample, Size, new_policy
from hwgen.training.records import read_lines
from hwgen.training.tbr import TbrConfig, report, sentence, tbr
from hwgen.training.tbr.grow import Reflection, tally_of
from hwgen.training.tbr.tree import Node, Thresholds, Tree, candidates, pairs, preferred, scores
from hwgen.training.text import prompt_of
from hwgen.verify.options import Options
from hwgen.verify.verdict import Verdict

PUBLISHED = Thresholds("published")
IDS = ["counter:width=4", "mux", "decoder", "counter:width=5", "counter:width=6"]


def node(parent: int, r: float | None, text: str = "", *, ran: bool = True) -> Node:
    return Node(parent, 0 if parent < 0 else 1, text, r, passed=r == 1.0, ran=ran and r is not None)


def test_scores_by_hand():
    """Two levels of retries; a lost child does not count, a lost leaf says nothing.

    0: r 0.1 -> mean(2, 3) = 0.65     1: r 0.5, a leaf       2: r 0.0 -> mean(4, 5, 6) = 0.3
    3: r 1.0                          4: r 0.6  5: r 0.0  6: lost         7: lost
    8: r 0.05, its only child (9) lost: its own r
    """
    tree = [
        node(-1, 0.1), node(-1, 0.5), node(0, 0.0), node(0, 1.0), node(2, 0.6), node(2, 0.0),
        node(2, None), node(-1, None), node(-1, 0.05), node(8, None),
    ]  # fmt: skip
    wanted = [0.65, 0.5, 0.3, 1.0, 0.6, 0.0, None, None, 0.05, None]
    assert scores(tree) == pytest.approx(wanted)


def test_equal_texts_are_one_candidate():
    tree = Tree("mux", [node(-1, 0.0, "a"), node(-1, 0.0, "a"), node(0, 1.0, "b")])
    found = {c.text: c for c in candidates(tree)}
    assert found["a"].score == pytest.approx(0.5)  # 1.0 with its retry, 0.0 without one
    assert (found["b"].score, found["b"].passed, found["a"].passed) == (1.0, True, False)
    without = {c.text: c for c in candidates(tree, levels=0)}
    assert without["a"].score == 0.0
    assert "b" not in without


@pytest.mark.parametrize(
    ("chosen", "rejected", "published", "ours"),
    [
        (1.0, 0.5, True, True),
        (1.0, 0.6, False, False),  # not more than 0.4 apart
        (1.0, 0.0, False, True),  # nothing right: ours counts what ran
        (0.85, 0.3, True, False),  # good, but no pass
        (0.8, 0.2, False, False),  # not above 0.8
        (0.9, 0.05, True, False),
    ],
)
def test_preference_rules(chosen, rejected, published, ours):
    found = candidates(Tree("mux", [node(-1, chosen, "a"), node(-1, rejected, "b")]))
    assert (list(preferred(found, PUBLISHED)) == [(0, 1)]) == published
    assert (list(preferred(found, Thresholds("ours"))) == [(0, 1)]) == ours


def test_ours_wants_a_pass_and_something_that_ran():
    refuted = Node(-1, 0, "refuted", 1.0, passed=False, ran=True)
    broken = Node(-1, 0, "broken", 0.0, ran=False)
    wrong = Node(-1, 0, "wrong", 0.3, ran=True)
    right = Node(-1, 0, "right", 1.0, passed=True, ran=True)
    tree = Tree("mux", [refuted, broken, wrong, right])
    texts = {(a.text, b.text) for a, b in pairs(tree, Thresholds(), 99, 0)}
    assert texts == {("right", "wrong")}
    texts = {(a.text, b.text) for a, b in pairs(tree, PUBLISHED, 99, 0)}
    assert texts == {("right", "wrong"), ("refuted", "wrong")}


def test_a_wrong_answer_whose_retries_pass_is_never_preferred_by_ours():
    rescued = [node(-1, 0.0, "near"), node(0, 1.0, "mended"), node(-1, 0.3, "far")]
    tree = Tree("mux", rescued)
    assert {a.text for a, _ in pairs(tree, PUBLISHED, 99, 0)} == {"near", "mended"}
    assert {a.text for a, _ in pairs(tree, Thresholds(), 99, 0)} == {"mended"}


def test_pairs_of_a_task_are_limited_by_seed():
    nodes = [node(-1, 1.0, f"good {n}") for n in range(5)]
    nodes += [node(-1, 0.1, f"bad {n}") for n in range(5)]
    tree = Tree("mux", nodes)
    assert len(pairs(tree, Thresholds(), 99, 0)) == 25
    some = pairs(tree, Thresholds(), 7, 0)
    assert len(set(some)) == 7
    assert some == pairs(tree, Thresholds(), 7, 0) != pairs(tree, Thresholds(), 7, 1)


def test_reflection_ends_where_it_does_not_help():
    how = Reflection(levels=2, retries=2, least=0.05, trials=40)
    retries = [Node(0, 1, "", 0.0) for _ in range(39)]
    failing = Tree("mux", [node(-1, 0.0), *retries])
    assert not tally_of([failing], how).ended
    assert tally_of([failing, failing], how).ended
    right = Node(0, 1, "", 1.0, passed=True)
    assert not tally_of([failing, failing, Tree("mux", [right] * 5)], how).ended  # 5 of 83, 6 %
    assert tally_of([failing, failing, Tree("mux", [right] * 4)], how).ended  # 4 of 82, 4.9 %


def test_few_retries_are_tried_before_many():
    how = Reflection(levels=1, retries=2, least=0.05, trials=10)
    tally = tally_of([], how)
    assert [tally.take(3), tally.take(9), tally.take(9)] == [3, 2, 0]  # 10 retries in all
    tally.count([Node(0, 1, "", 0.0)] * 9)
    assert tally.take(1) == 0  # one is still with the judge
    tally.count([Node(0, 1, "", 1.0, passed=True)])
    assert tally.take(50) == 50
    tally.count([Node(0, 1, "", 0.0)] * 11)
    assert tally.take(50) == 0  # 1 of 21


class FakeJudging:
    """Batches side by side: the number after `score` is how many of ten cases passed."""

    def __init__(self) -> None:
        self.options = Options(seed=1)
        self.batches: list[list[tuple[str, str]]] = []

    def start(self, candidates):
        self.batches.append(list(candidates))
        pending = FakeJudging()
        pending.verdicts = lambda: [self.judge(text) for _, text in candidates]
        return pending

    def judge(self, text: str) -> Verdict:
        if "lost" in text:
            return Verdict.stopped("simulate", "lost")
        passed = int(text.split()[1])
        if passed == 10:
            return Verdict("PASS", "prove", assurance="proved", worthy=True, cases=(10, 10))
        return Verdict("FAIL", "simulate", "mismatch", cases=(passed, 10))


@pytest.fixture
def policy():
    torch.set_num_threads(1)
    texts = [prompt_of(get_task(name)) for name in IDS]
    return new_policy(Size(1, 32, 1, 300, 2048), texts, 0)


@pytest.fixture
def scripted(monkeypatch):
    """A policy that writes 10, 0, 4 and 0 of ten cases for a task, and mends one of two."""
    asked: list[tuple[str, int]] = []

    def generate(policy, prompts, *, samples, **how):
        asked.extend((prompt, samples) for prompt in prompts)
        mended = ["score 10 mended", "score 1 still wrong"]
        first = ["score 10 right", "score 0 wrong", "score 4 half", "score 0 worse"]
        return [
            [Sample(t, True, 3) for t in (mended if "wrong answer:" in prompt else first)[:samples]]
            for prompt in prompts
        ]

    monkeypatch.setattr(policies, "generate", generate)
    return asked


def run(policy, folder, judging=None, *, resume=False, said=None, ids=IDS, **config):
    settings = TbrConfig(**{"samples": 4, "problems": 2, "levels": 1, **config})
    say = (said if said is not None else []).append
    return tbr(
        policy, ids, settings, judging or FakeJudging(), folder, seed=5, resume=resume, say=say
    )  # fmt: skip


def test_a_run_by_hand(policy, scripted, tmp_path):
    """right 1.0; wrong and worse: mean(1.0, 0.1) = 0.55; half 0.4; mended 1.0; still wrong 0.1."""
    path = run(policy, tmp_path)
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["id"] for line in found} == set(IDS)
    one = {(p["chosen"][6:], p["rejected"][6:]): p["scores"] for p in found if p["id"] == "mux"}
    assert one == {
        ("10 right", "0 wrong"): [1.0, 0.55],
        ("10 right", "0 worse"): [1.0, 0.55],
        ("10 right", "4 half"): [1.0, 0.4],
        ("10 right", "1 still wrong"): [1.0, 0.1],
        ("10 mended", "0 wrong"): [1.0, 0.55],
        ("10 mended", "0 worse"): [1.0, 0.55],
        ("10 mended", "4 half"): [1.0, 0.4],
        ("10 mended", "1 still wrong"): [1.0, 0.1],
    }
    assert all(line["prompt"] == prompt_of(get_task(line["id"])) for line in found)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["candidates"] == {"0": 20, "1": 20}
    assert (told["solved"], told["passed"], told["reflected"], told["repaired"]) == (5, 15, 10, 10)
    assert told["used"] == told["rules"]["ours"]["pairs"] == 40
    assert told["rules"]["ours"]["without_reflection"] == 15
    assert told["rules"]["published"]["without_reflection"] == 5


def test_what_a_retry_is_told(policy, scripted, tmp_path):
    run(policy, tmp_path, ids=["mux"])
    retries = [prompt for prompt, _ in scripted if "wrong answer:" in prompt]
    assert len(retries) == 2
    assert "score 0 wrong" in retries[0]
    assert "An output differs from the expected value. 0 of 10 cases passed." in retries[0]


def test_retries_that_do_not_help_are_given_up(policy, monkeypatch, tmp_path):
    asked: list[str] = []

    def generate(policy, prompts, *, samples, **how):
        asked.extend(prompts)
        return [[Sample(f"score 0 {n} {len(p)}", True, 3) for n in range(samples)] for p in prompts]

    monkeypatch.setattr(policies, "generate", generate)
    run(policy, tmp_path, problems=2, trials=5)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["candidates"] == {"0": 20, "1": 6}  # three try again, twice each
    assert (told["reflected"], told["reflection_ended"]) == (3, True)


def test_no_reflection_where_there_is_no_room_or_no_level(policy, scripted, tmp_path):
    policy.model.config.max_position_embeddings = 10 + max(
        len(policy.prompt_ids(prompt_of(get_task(name)))) for name in IDS
    )
    run(policy, tmp_path / "narrow")
    assert all("wrong answer:" not in prompt for prompt, _ in scripted)
    run(policy, tmp_path / "flat", levels=0)
    assert all("wrong answer:" not in prompt for prompt, _ in scripted)


@pytest.mark.parametrize("kept", [0, 1, 2, 3, 4])
def test_a_stopped_run_goes_on(policy, scripted, tmp_path, kept):
    path = run(policy, tmp_path / "whole")
    whole = (tmp_path / "whole" / "trees.jsonl").read_bytes()
    run(policy, tmp_path / "cut")
    lines = whole.splitlines(keepends=True)
    torn = b"".join(lines[:kept]) + lines[kept][:50]
    (tmp_path / "cut" / "trees.jsonl").write_bytes(torn)
    (tmp_path / "cut" / "pairs.jsonl").unlink()
    judging = FakeJudging()
    again = run(policy, tmp_path / "cut", judging, resume=True)
    assert again.read_bytes() == path.read_bytes()
    assert (tmp_path / "cut" / "trees.jsonl").read_bytes() == whole
    asked = {name for batch in judging.batches for name, _ in batch}
    assert asked == set(IDS[kept // 2 * 2 :])


def test_without_resume_a_run_starts_anew(policy, scripted, tmp_path):
    run(policy, tmp_path, samples=2)
    run(policy, tmp_path, samples=4)
    assert len(read_lines(tmp_path / "trees.jsonl")[0]["nodes"]) == 8


def test_another_run_is_not_mixed_in(policy, scripted, tmp_path):
    run(policy, tmp_path)
    with pytest.raises(UsageError, match="was begun with another config"):
        run(policy, tmp_path, resume=True, gap=0.3)
    with pytest.raises(UsageError, match="was begun with another tasks"):
        run(policy, tmp_path, resume=True, ids=IDS[:3])
    other = new_policy(Size(1, 32, 1, 300, 2048), ["words"], 1)
    with pytest.raises(UsageError, match="was begun with another policy"):
        run(other, tmp_path, resume=True)


def test_damage_and_bad_input_are_sentences(policy, scripted, tmp_path):
    with pytest.raises(UsageError, match="there is no task to sample"):
        run(policy, tmp_path, ids=[])
    with pytest.raises(UsageError, match="task mux is listed twice"):
        run(policy, tmp_path, ids=["mux", "mux"])
    run(policy, tmp_path)
    trees = tmp_path / "trees.jsonl"
    trees.write_bytes(b"nonsense\n" + trees.read_bytes())
    with pytest.raises(UsageError, match=r"trees.jsonl, line 1: this is no record"):
        run(policy, tmp_path, resume=True)


def test_a_judge_that_fails_ends_the_run(policy, monkeypatch, tmp_path):
    def generate(policy, prompts, *, samples, **how):
        return [[Sample("lost", True, 1)] * samples for _ in prompts]

    monkeypatch.setattr(policies, "generate", generate)
    with pytest.raises(HwgenError, match="the judge failed on 4 of 4 candidates"):
        run(policy, tmp_path)


def test_no_pairs_are_explained():
    config = TbrConfig()
    none = report([Tree("mux", [node(-1, 0.0, "a"), node(-1, 0.1, "b")])], config, 0)
    assert "none of 2 candidates for 1 tasks passed" in sentence(none)
    alone = report([Tree("mux", [node(-1, 1.0, "a")])], config, 0)
    assert "1 of 1 candidates passed, and beside them no other" in sentence(alone)
