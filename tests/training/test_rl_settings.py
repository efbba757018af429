"""Schedule, settings and sentences of reinforcement learning; nothing is trained here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hwgen.errors import HwgenError, UsageError
from hwgen.training.rl import Answer, RlConfig, Score
from hwgen.training.rl.config import trl_arguments
from hwgen.training.rl.guard import Start, check_none
from hwgen.training.rl.run import asked, scoring_of
from hwgen.training.rl.schedule import schedule
from hwgen.training.rl.scoring import Judged, Mixed, Modelled
from hwgen.verify.verdict import Verdict

IDS = [f"task{n}" for n in range(7)]


def test_schedule_asks_all_before_any_again():
    order = schedule(IDS, steps=7, prompts=3, seed=1)
    assert len(order) == 21
    assert all(order.count(name) == 3 for name in IDS)
    assert sorted(order[:7]) == IDS
    assert all(len(set(order[n : n + 3])) == 3 for n in range(0, 21, 3))


def test_schedule_follows_from_its_seed_and_grows_at_its_end():
    order = schedule(IDS, 9, 4, seed=3)
    assert order == schedule(IDS, 9, 4, seed=3)
    assert order != schedule(IDS, 9, 4, seed=4)
    assert schedule(IDS, 20, 4, seed=3)[: len(order)] == order
    assert all(len(set(order[n : n + 4])) == 4 for n in range(0, 36, 4))


def test_too_few_tasks_are_named():
    with pytest.raises(UsageError, match="7 tasks are too few for 8 prompts") as error:
        schedule([*IDS, IDS[0]], 1, 8, seed=0)
    assert "rl.prompts = 7" in str(error.value)


def test_prompts_are_what_the_policy_reads():
    ids = ["counter:width=4@1", "counter:width=5@2"]
    rows = asked(ids, RlConfig(steps=3, prompts=2), seed=2)
    assert [task for task, _ in rows] == schedule(ids, 3, 2, 2)
    assert all(prompt.endswith("answer:\n") for _, prompt in rows)


def test_one_iteration_refuses_the_kl():
    with pytest.raises(UsageError, match="num_iterations = 1 leaves nothing for SbW's KL"):
        RlConfig(num_iterations=1)
    assert RlConfig(num_iterations=1, kl_weight=0).updates == 1
    assert RlConfig(num_iterations=1, sbw=False).updates == 1
    assert RlConfig().num_iterations == 2


def test_arguments_of_trl_are_checked_all_at_once():
    with pytest.raises(UsageError) as error:
        RlConfig(trl={"num_generations": 4, "mask_truncated_completion": True, "save_strategy": 1})
    said = str(error.value)
    assert "set rl.samples" in said
    assert "did you mean mask_truncated_completions?" in said
    assert "rl.trl.save_strategy is set by the run itself" in said
    with pytest.raises(UsageError, match="sbw_clip"):
        RlConfig(sbw_clip=(1.5, 4.0))


def test_trl_options_stay_reachable(tmp_path: Path):
    config = RlConfig(
        loss_type="grpo", advantage="group", scale_rewards="batch", epsilon_high=0.28,
        trl={"importance_sampling_level": "sequence", "mask_truncated_completions": True},
    )  # fmt: skip
    args = trl_arguments(config, tmp_path, seed=3, world=1)
    assert args.importance_sampling_level == "sequence"
    assert (args.loss_type, args.scale_rewards, args.epsilon_high) == ("grpo", "batch", 0.28)
    assert args.mask_truncated_completions


def test_answers_are_divided_among_processes(tmp_path: Path):
    config = RlConfig(steps=5, prompts=8, samples=4, micro=4, minibatches=2)
    args = trl_arguments(config, tmp_path, seed=3, world=2)
    assert args.gradient_accumulation_steps == 2  # 32 / (2 processes * 2 minibatches * 4 rows)
    assert args.max_steps == 5 * 2 * 2
    assert args.per_device_train_batch_size == 4
    odd = trl_arguments(RlConfig(prompts=9, samples=4, micro=16), tmp_path, seed=3, world=1)
    assert (odd.per_device_train_batch_size, odd.gradient_accumulation_steps) == (12, 3)
    with pytest.raises(UsageError, match="6 prompts with 4 answers each cannot be divided: 4"):
        trl_arguments(RlConfig(prompts=6, samples=4), tmp_path, seed=3, world=4)


def test_more_than_a_tenth_without_verdict_stops():
    rewards = torch.ones(20)
    rewards[:2] = torch.nan
    check_none(rewards)
    rewards[2] = torch.nan
    with pytest.raises(HwgenError, match="3 of 20 answers have no verdict") as error:
        check_none(rewards)
    assert error.value.exit_code == 4


def test_no_pass_among_the_first_answers_stops():
    start, said = Start(), []
    start.check(torch.zeros(40), said.append)
    with pytest.raises(UsageError, match="none of the policy's first 80 answers passed"):
        start.check(torch.zeros(40), said.append)
    assert not said


def test_few_passes_are_said_once_and_later_ones_not_counted():
    start, said = Start(), []
    start.check(torch.tensor([1.0] + [0.0] * 62 + [torch.nan]), said.append)
    assert (start.judged, said) == (63, [])
    start.check(torch.zeros(1), said.append)
    assert said == [
        "warning: 2 % of the first 64 answers passed; below 10 % reinforcement learning is slow "
        "to start"
    ]
    start.check(torch.zeros(64), said.append)
    assert (start.judged, start.passed, len(said)) == (64, 1, 1)


def test_reward_sources_that_are_missing_are_named():
    with pytest.raises(UsageError, match="reward = both needs a reward model"):
        scoring_of(RlConfig(reward="both"), None, None, [])
    with pytest.raises(UsageError, match="reward = judge needs the judge"):
        scoring_of(RlConfig(), None, None, [])
    assert isinstance(scoring_of(RlConfig(reward="model"), None, object(), []), Modelled)


class FakePending:
    def __init__(self, verdicts: list[Verdict]) -> None:
        self.found = verdicts

    def verdicts(self) -> list[Verdict]:
        return self.found


class FakeJudging:
    """Says PASS to what holds `right`, ERROR to what holds `lost`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def start(self, candidates: list[tuple[str, str]]) -> FakePending:
        self.asked += candidates
        return FakePending([self.judge(text) for _, text in candidates])

    @staticmethod
    def judge(text: str) -> Verdict:
        if "right" in text:
            return Verdict("PASS", "prove", assurance="proved", worthy=True, cases=(8, 8), cells=9)
        return Verdict.stopped("simulate", "lost" if "lost" in text else "mismatch")


class FakeScorer:
    def score(self, prompts: list[str], texts: list[str]) -> list[float]:
        return [0.5 for _ in texts]


ANSWERS = [
    Answer("a", "p", "say\n```verilog\nmodule right; endmodule\n```\n"),
    Answer("b", "p", "module wrong; endmodule\n"),
    Answer("b", "p", "module lost; endmodule\n"),
]


def test_judged_answers_are_read_out_and_paid():
    judging = FakeJudging()
    scores = Judged(judging).start(ANSWERS)()  # type: ignore[arg-type]
    assert judging.asked[0] == ("a", "module right; endmodule\n")
    assert (scores[0].reward, scores[0].passed) == (1.0, True)
    assert scores[1].reward is not None
    assert 0 < scores[1].reward < 1
    assert scores[1].passed is False
    assert (scores[2].reward, scores[2].passed) == (None, None)
    sized = Judged(judging, "binary", 0.2, {"a": 9}).start(ANSWERS[:1])()  # type: ignore[arg-type]
    assert sized[0].reward == pytest.approx(0.9)


def test_mixed_rewards_keep_our_failures_out():
    mixed = Mixed(Judged(FakeJudging(), "binary"), Modelled(FakeScorer()), 0.25)  # type: ignore[arg-type]
    scores = mixed.start(ANSWERS)()
    assert [s.reward for s in scores] == [pytest.approx(0.875), pytest.approx(0.125), None]
    assert scores[0].parts["model"] == 0.5
    assert isinstance(scores[0], Score)
