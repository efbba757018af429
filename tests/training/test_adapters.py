"""Adapters for other trainers, called as those trainers document it."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest
import torch

from hwgen.errors import HwgenError, UsageError
from hwgen.tasks.library import get_task
from hwgen.training.adapters import openrlhf, paying, verl
from hwgen.verify.verdict import Verdict

TASK = "counter:width=4"
TEXTS = {
    "right": Verdict("PASS", "prove", assurance="proved", worthy=True, cases=(8, 8)),
    "half": Verdict("FAIL", "simulate", "mismatch", cases=(4, 8)),
    "broken": Verdict("FAIL", "screen", "syntax"),
    "lost": Verdict.stopped("simulate", "lost"),
}


class FakeJudging:
    def verdicts(self, candidates):
        for task_id, _ in candidates:
            get_task(task_id)
        return [TEXTS[text.split()[1].rstrip(";")] for _, text in candidates]


@pytest.fixture
def seeds(monkeypatch):
    asked: list[int] = []

    def judging_of(seed):
        asked.append(seed)
        return FakeJudging()

    monkeypatch.setattr(paying, "judging_of", judging_of)
    return asked


def answer(name: str) -> str:
    return f"Let me think.\n```verilog\nmodule {name};\nendmodule\n```<|im_end|>"


@pytest.mark.parametrize("module", [verl, openrlhf, paying])
def test_adapters_are_short_and_need_no_trainer(module):
    text = Path(inspect.getfile(module)).read_text()
    assert len(text.splitlines()) < 60
    for line in text.splitlines():
        assert not line.startswith(("import verl", "from verl", "import openrlhf", "from openrlhf"))


def test_verl_batch_manager(seeds):
    """As its batch reward manager calls: columns of a table, numpy arrays of objects among them."""
    rows = [verl.row(TASK) for _ in range(3)]
    found = verl.compute_scores(
        data_sources=np.array([row["data_source"] for row in rows], dtype=object),
        solution_strs=[answer("right"), answer("half"), answer("broken")],
        ground_truths=[row["reward_model"]["ground_truth"] for row in rows],
        extra_infos=np.array([row["extra_info"] for row in rows], dtype=object),
        num_turns=None,
        seed=3,
    )
    assert [one["score"] for one in found] == [1.0, pytest.approx(0.35), 0.0]
    assert all(type(value) is float for one in found for value in one.values())
    # a manager collects each key into a column, so every answer must have every key
    assert {frozenset(one) for one in found} == {frozenset({"score", *paying.PARTS})}
    assert seeds == [3]


def test_verl_naive_manager(seeds):
    """As its naive reward manager calls: one answer, by keywords."""
    row = verl.row(TASK)
    found = verl.compute_score(
        data_source=row["data_source"],
        solution_str=answer("half"),
        ground_truth=row["reward_model"]["ground_truth"],
        extra_info={**row["extra_info"], "num_turns": None, "rollout_reward_scores": {}},
        scheme="cases",
    )
    assert (found["score"], found["passes"]) == (0.5, 0.0)
    assert row["prompt"][0]["role"] == "user"
    assert get_task(TASK).spec.module in row["prompt"][0]["content"]


def test_openrlhf(seeds, monkeypatch):
    """As its remote reward function is called: lists of texts, a dict of tensors back."""
    row = openrlhf.row(TASK)
    prompts = [f"<user>{row['input']}<assistant>"] * 3
    answers = [answer("right"), answer("half"), answer("broken")]
    queries = [prompt + text for prompt, text in zip(prompts, answers, strict=True)]
    monkeypatch.setenv("HWGEN_SEED", "9")
    found = openrlhf.reward_func(queries, prompts, [row["label"]] * 3, extra=None)
    assert found["rewards"].tolist() == pytest.approx([1.0, 0.35, 0.0])
    assert torch.equal(found["rewards"], found["scores"])
    assert found["rewards"].dtype == torch.float32
    assert set(found["extra_logs"]) == set(paying.PARTS)
    assert found["extra_logs"]["passes"].item() == pytest.approx(1 / 3)
    assert seeds == [9]
    monkeypatch.setenv("HWGEN_SCHEME", "best")
    with pytest.raises(UsageError, match="HWGEN_SCHEME = best is no scheme of rewards"):
        openrlhf.reward_func(queries, prompts, [TASK] * 3)


def test_what_the_judge_failed_on_moves_nothing_much(seeds):
    found = paying.paid([TASK] * 3, [answer("right"), answer("lost"), answer("broken")])
    assert [one["score"] for one in found] == [1.0, 0.5, 0.0]
    assert [one["error"] for one in found] == [0.0, 1.0, 0.0]
    assert paying.paid([TASK], [answer("lost")])[0]["score"] == 0.0
    with pytest.raises(HwgenError, match="the judge failed on 4 of 4 candidates"):
        paying.paid([TASK] * 4, [answer("lost")] * 4)


def test_an_unknown_task_is_a_sentence(seeds):
    with pytest.raises(UsageError, match="no task or family 'nothing'"):
        verl.compute_score("hwgen", answer("right"), "nothing")


def test_one_judge_for_a_process(monkeypatch):
    opened: list[int] = []

    class Opened:
        def __init__(self, seed):
            opened.append(seed)

        def __enter__(self):
            return self

        def close(self):
            opened.append(-1)

    monkeypatch.setattr(paying, "Judging", Opened)
    monkeypatch.setattr(paying, "_open", {})
    assert paying.judging_of(1) is paying.judging_of(1)
    assert paying.judging_of(2) is not paying.judging_of(1)
    assert opened == [1, 2]
