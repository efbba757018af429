"""Rejection sampling: what is kept, repairs, resuming."""

from __future__ import annotations

import json

import pytest
import torch

from hwgen.errors import UsageError
from hwgen.tasks.library import get_task
from hwgen.training import policy as policies
from hwgen.training.data.complexity import Labeller
from hwgen.training.policy import Sample, Size, new_policy
from hwgen.training.rejection import FEATURES, RejectionConfig, kept_of, reject, rows_of
from hwgen.training.tbr.tree import Node, Tree
from hwgen.training.text import prompt_of
from hwgen.verify.options import Options
from hwgen.verify.verdict import Verdict

IDS = ["counter:width=4@1", "mux", "decoder"]


def right(text: str, cells: int | None, *, worthy: bool = True) -> Node:
    return Node(-1, 0, text, 1.0, passed=True, ran=True, worthy=worthy, cells=cells)


def wrong(text: str, r: float = 0.5) -> Node:
    return Node(-1, 0, text, r, ran=True, told="An output differs.")


@pytest.fixture(scope="module")
def policy():
    torch.set_num_threads(1)
    texts = [prompt_of(get_task(name)) for name in IDS]
    return new_policy(Size(1, 32, 1, 300, 2048), texts, 0)


def test_the_worthy_and_small_are_kept_first():
    nodes = [
        right("module a; endmodule", 9), right("module b; endmodule", 3, worthy=False),
        right("module c; endmodule", 5), right("module  c; endmodule // again", 5),
        Node(-1, 0, "refuted", 1.0, ran=True, cells=1), wrong("d", 0.9), right("e", None),
    ]  # fmt: skip
    tree = Tree("mux", nodes)
    every = [node.text.split(";")[0] for node in kept_of(tree, RejectionConfig(keep=9))]
    assert every[:2] == ["module c", "module a"]
    assert every[-1] == "module b"
    assert "refuted" not in every
    assert "d" not in every
    assert len(kept_of(tree, RejectionConfig(keep=2))) == 2
    worthy = kept_of(tree, RejectionConfig(keep=9, worthy=True))
    assert "module b" not in {node.text.split(";")[0] for node in worthy}


def test_rows_of_a_task(policy):
    def kinds(**config):
        return [row.kind for row in rows_of(tree, RejectionConfig(**config), policy, Labeller())]

    good, bad = "module m;\nendmodule\n", "module m;\n  wrong\nendmodule\n"
    tree = Tree(IDS[0], [wrong(bad), right("Thus:\n" + good, 4), wrong(bad), wrong("other")])
    write, repair = rows_of(tree, RejectionConfig(), policy, Labeller())
    assert set(write.record()) == set(FEATURES)
    assert (write.id, write.family, write.kind) == (IDS[0], "counter", "write")
    assert write.prompt == prompt_of(get_task(IDS[0]))
    assert (write.digest, write.complexity) == (get_task(IDS[0]).digest, "Basic")
    assert write.completion == repair.completion == good
    assert "wrong answer:\nmodule m;\n  wrong\nendmodule" in repair.prompt
    assert "fault: An output differs." in repair.prompt
    assert kinds(repairs=0) == ["write"]
    assert kinds(repairs=5) == ["write", "repair", "repair"]  # equal wrong ones are one
    (whole,) = rows_of(tree, RejectionConfig(whole=True, repairs=0), policy, Labeller())
    assert whole.completion == "Thus:\n" + good
    assert rows_of(Tree("mux", [wrong(bad)]), RejectionConfig(), policy, Labeller()) == []


def test_rows_that_do_not_fit_are_left_out(policy):
    long = "module m;\n" + "wire a;\n" * 2000 + "endmodule\n"
    tree = Tree("mux", [right(long, 4), right("module m;\nendmodule\n", 9)])
    (row,) = rows_of(tree, RejectionConfig(), policy, Labeller())
    assert row.completion == "module m;\nendmodule\n"


class FakeJudging:
    """A pass for what says good; everything else has half of its cases right."""

    def __init__(self) -> None:
        self.options = Options(seed=1)
        self.asked: list[str] = []

    def start(self, candidates):
        self.asked += [name for name, _ in candidates]
        judging, texts = FakeJudging(), [text for _, text in candidates]
        judging.verdicts = lambda: [self.judge(text) for text in texts]
        return judging

    def judge(self, text):
        if "good" in text:
            return Verdict("PASS", "prove", worthy=True, cases=(8, 8), cells=3)
        cases = (7, 8) if "near" in text else (4, 8)
        return Verdict("FAIL", "simulate", "mismatch", cases=cases)


@pytest.fixture
def scripted(monkeypatch):
    """Solves all but `mux`."""
    texts = ["module good;\nendmodule\n", "module near;\nendmodule\n", "module bad;\nendmodule\n"]

    def generate(policy, prompts, *, samples, **how):
        def answers(prompt):
            return texts[1:] if prompt == prompt_of(get_task("mux")) else texts

        return [[Sample(t, True, 3) for t in answers(p)[:samples]] for p in prompts]

    monkeypatch.setattr(policies, "generate", generate)


def run(policy, folder, judging, *, resume=False, said=None, **config):
    settings = RejectionConfig(**{"samples": 3, "problems": 1, **config})
    say = (said if said is not None else []).append
    return reject(policy, IDS, settings, judging, folder, seed=2, resume=resume, say=say)


def test_a_run_and_how_it_goes_on(policy, scripted, tmp_path):
    said: list[str] = []
    rows = run(policy, tmp_path, FakeJudging(), said=said)
    assert rows.features == FEATURES
    assert [(row["id"], row["kind"]) for row in rows] == [
        (IDS[0], "write"), (IDS[0], "repair"), (IDS[2], "write"), (IDS[2], "repair"),
    ]  # fmt: skip
    assert said[-1] == (
        "kept 2 answers and 2 repairs: 2 of 8 candidates passed, 2 of 3 tasks solved"
    )
    told = json.loads((tmp_path / "report.json").read_text())
    assert (told["rows"], told["published_rule"]) == ({"write": 2, "repair": 2}, 5)
    trees = tmp_path / "trees.jsonl"
    trees.write_bytes(b"".join(trees.read_bytes().splitlines(keepends=True)[:2]))
    judging = FakeJudging()
    assert list(run(policy, tmp_path, judging, resume=True)) == list(rows)
    assert set(judging.asked) == {IDS[2]}
    with pytest.raises(UsageError, match="was begun with another config"):
        run(policy, tmp_path, judging, resume=True, keep=1)


def test_nothing_kept_is_said_and_is_an_empty_set(policy, monkeypatch, tmp_path):
    def generate(policy, prompts, *, samples, **how):
        return [[Sample("bad", True, 3)] * samples for _ in prompts]

    monkeypatch.setattr(policies, "generate", generate)
    said: list[str] = []
    rows = run(policy, tmp_path, FakeJudging(), said=said)
    assert len(rows) == 0
    assert rows.features == FEATURES
    assert said[-1].startswith("rejection sampling kept nothing: 0 of 9 candidates passed")
