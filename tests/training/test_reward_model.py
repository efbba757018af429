"""Reward model: numbers of its report, data, training on few pairs, exact resume."""

from __future__ import annotations

import json
import random
import shutil

import pytest
import torch

from hwgen.errors import UsageError
from hwgen.training.policy import Size, new_policy
from hwgen.training.reward_model import RewardModelConfig, load_scorer, measure, reward_model
from hwgen.training.reward_model.calibration import auc, calibration, measured_pairs
from hwgen.training.reward_model.data import ByLength, Pair, divided, read_pairs
from hwgen.training.reward_model.fit import fit
from hwgen.training.reward_model.scorer import headed, ids_of

QUICK = {"learning_rate": 3e-3, "epochs": 2, "batch": 8, "micro": 4, "save_every": 7}


@pytest.mark.parametrize(
    ("scores", "good", "wanted"),
    [
        ([0.9, 0.8, 0.1, 0.2], [True, True, False, False], 1.0),
        ([0.1, 0.9], [True, False], 0.0),
        ([0.5, 0.5], [True, False], 0.5),
        ([0.9, 0.3, 0.5, 0.5], [True, True, True, False], 0.5),
        ([0.9, 0.3], [True, True], None),
        ([], [], None),
    ],
)
def test_auc(scores, good, wanted):
    """The fourth by hand: 0.9 above 0.5, 0.3 below, 0.5 beside it: (1 + 0 + 0.5) / 3 = 0.5."""
    assert auc(scores, good) == (None if wanted is None else pytest.approx(wanted))


def test_auc_is_the_share_of_ordered_pairs():
    rng = random.Random(3)
    scores = [rng.randrange(8) / 8 for _ in range(60)]
    good = [rng.random() < 0.4 for _ in scores]
    every = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, yes in zip(scores, good, strict=True)
        if yes
        for b, no in zip(scores, good, strict=True)
        if not no
    ]
    assert auc(scores, good) == pytest.approx(sum(every) / len(every))


def test_calibration_by_hand():
    """Two bins: 0.1 and 0.3 with one good of two (0.2 against 0.5); 0.9 and 1.0, both good."""
    told = calibration([0.1, 0.3, 0.9, 1.0], [False, True, True, True], bins=2)
    assert told["ece"] == pytest.approx(0.5 * 0.3 + 0.5 * 0.05)
    assert told["brier"] == pytest.approx((0.01 + 0.49 + 0.01) / 4)
    assert [(b["count"], b["good"]) for b in told["bins"]] == [(2, 0.5), (2, 1.0)]
    assert calibration([], [])["ece"] is None


def test_pairs_are_measured_by_order_too():
    told = measured_pairs([0.9, 0.4, 0.5], [0.1, 0.6, 0.5])
    assert told["order"] == pytest.approx(1 / 3)
    assert (told["pairs"], told["answers"]) == (3, 6)
    assert measured_pairs([], [])["order"] is None


def made(count: int = 72, seed: int = 0) -> list[dict]:
    """Pairs that a model can learn: the right operator stands in the prompt."""
    rng, found = random.Random(seed), []
    for number in range(count):
        name, op, other = rng.choice([("sum", "+", "-"), ("both", "&", "|"), ("less", "-", "+")])
        wide = rng.randint(2, 30)
        found.append({
            "id": f"{name}:width={wide}@{number % 3}",
            "prompt": f"{name} [{wide}:0]\n",
            "chosen": f"assign y = a {op} b;\n",
            "rejected": f"assign y = a {other} b;\n",
            "scores": [1.0, rng.choice([0.0, 0.5])],
        })  # fmt: skip
    return found


def written(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def policy():
    torch.set_num_threads(1)
    lines = made()
    texts = [line[key] for line in lines for key in ("prompt", "chosen", "rejected")]
    return new_policy(Size(1, 32, 1, 300, 128), texts, 0)


def train(policy, pairs, folder, *, resume=False, said=None, **config):
    settings = RewardModelConfig(**{**QUICK, **config})
    say = (said if said is not None else []).append
    return reward_model(policy, pairs, settings, folder, seed=4, resume=resume, say=say)


def test_it_learns_and_is_measured_on_specs_it_never_saw(policy, tmp_path):
    pairs = written(tmp_path / "pairs.jsonl", made())
    before = {name: p.clone() for name, p in policy.model.named_parameters()}
    assert callable(fit)  # imported before: libraries draw random numbers when they are
    state, drawn = random.getstate(), torch.get_rng_state()
    said: list[str] = []
    scorer = train(policy, pairs, tmp_path / "run", said=said, epochs=6, held_out=0.2)
    assert all(torch.equal(p, before[name]) for name, p in policy.model.named_parameters())
    assert random.getstate() == state
    assert torch.equal(torch.get_rng_state(), drawn)

    told = json.loads((tmp_path / "run" / "report.json").read_text())
    assert told == scorer.report
    assert told["pairs"]["train"] + told["pairs"]["held_out"] == 72
    assert told["held_out"]["auc"] == scorer.auc > 0.9
    assert f"AUC {scorer.auc:.3f}" in said[-1]
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == list(range(1, told["updates"] + 1))
    assert log[-1]["loss"] < log[0]["loss"]

    prompts, answers = ["sum [7:0]\n"] * 2, ["assign y = a + b;\n", "assign y = a - b;\n"]
    found = scorer.score(prompts, answers)
    assert 1.0 > found[0] > found[1] > 0.0
    assert load_scorer(tmp_path / "run" / "model").score(prompts, answers) == found
    # padding and company change nothing but the last digits
    longer = scorer.score([*prompts, "both [3:0]\n"], [*answers, "assign y = a & b;\n" * 4])
    assert longer[:2] == pytest.approx(found, abs=1e-5)
    again = measure(scorer, pairs)
    assert (again["pairs"], again["answers"]) == (72, 144)


@pytest.mark.parametrize("margin", [True, False])
def test_a_stopped_run_goes_on_exactly(policy, tmp_path, margin):
    pairs = written(tmp_path / "pairs.jsonl", made())
    whole = train(policy, pairs, tmp_path / "whole", margin=margin)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    steps = sorted((tmp_path / "cut" / "checkpoints").iterdir())
    assert [path.name for path in steps] == ["step-00000014", "step-00000016"]
    (steps[1] / "manifest.json").unlink()  # killed while it saved
    said: list[str] = []
    again = train(policy, pairs, tmp_path / "cut", resume=True, said=said, margin=margin)
    assert said[0] == "going on after update 14"
    assert again.report == whole.report
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "cut")]
    assert logs[0] == logs[1]
    weights = [scorer.policy.model.state_dict() for scorer in (whole, again)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    with pytest.raises(UsageError, match="is of another run: config is"):
        train(policy, pairs, tmp_path / "cut", resume=True, margin=margin, epochs=3)


def test_an_adapter_is_merged(policy, tmp_path):
    pairs = written(tmp_path / "pairs.jsonl", made(24))
    scorer = train(policy, pairs, tmp_path / "run", lora=2, epochs=1)
    prompts, answers = ["sum [7:0]\n"], ["assign y = a + b;\n"]
    loaded = load_scorer(tmp_path / "run" / "model")
    assert loaded.score(prompts, answers) == scorer.score(prompts, answers)
    assert not hasattr(loaded.policy.model, "peft_config")


def test_the_head_reads_the_body_of_the_policy(policy):
    one, same, other = (headed(policy, seed).model for seed in (1, 1, 2))
    assert torch.equal(one.score.weight, same.score.weight)
    assert not torch.equal(one.score.weight, other.score.weight)
    body = policy.model.model.state_dict()
    assert all(torch.equal(weight, body[name]) for name, weight in one.model.state_dict().items())


def test_answers_are_cut_to_the_context_and_end(policy):
    ids = ids_of(policy, "sum\n", "assign y = a + b;\n" * 60)
    assert len(ids) == policy.context
    assert ids[-1] == policy.eos
    assert ids_of(policy, "sum\n", "a")[-1] == policy.eos


def test_specs_are_divided_whole():
    pairs = [Pair(f"mux:width={n}@{k}", "p", "a", "b") for n in range(20) for k in range(3)]
    train, held_out = divided(pairs, 0.1, 0)
    assert (len(train), len(held_out)) == (54, 6)
    assert not {p.id.split("@")[0] for p in train} & {p.id.split("@")[0] for p in held_out}
    assert divided(pairs, 0.1, 0) == (train, held_out) != divided(pairs, 0.1, 1)
    assert divided(pairs, 0.0, 0) == (pairs, [])
    assert divided(pairs[:3], 0.5, 0) == (pairs[:3], [])  # one spec: nothing to hold out


def test_rows_come_in_runs_of_like_length():
    lengths = [(37 * n) % 390 + 10 for n in range(70)]
    sampler = ByLength(lengths, 8, seed=1)
    first = list(sampler)
    assert sorted(first) == list(range(70))
    assert list(ByLength(lengths, 8, seed=1)) == first != list(ByLength(lengths, 8, seed=2))
    sampler.set_epoch(1)
    assert list(sampler) != first
    runs = [[lengths[n] for n in first[at : at + 8]] for at in range(0, 70, 8)]
    padded = sum(len(run) * max(run) for run in runs)
    assert padded < 1.2 * sum(lengths)
    assert [run[0] for run in runs] != sorted(run[0] for run in runs)


def test_bad_pairs_are_named(policy, tmp_path):
    good = made(1)[0]
    lines = [good, {**good, "chosen": 3}, {**good, "scores": [1.0]}]
    path = written(tmp_path / "pairs.jsonl", lines)
    with path.open("a") as file:
        file.write("[]\n{\n")
    with pytest.raises(UsageError) as caught:
        read_pairs(path)
    said = [problem.what.partition(", ")[2] for problem in caught.value.problems]
    assert said == [
        "line 2: its chosen is missing or not text", "line 3: its scores are not two numbers",
        "line 4: it is no object", "line 5: it is not JSON",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="cannot be read"):
        read_pairs(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="holds no preference pair: there is nothing to learn"):
        train(policy, written(tmp_path / "empty.jsonl", []), tmp_path / "run")
    with pytest.raises(UsageError, match="holds no reward model"):
        load_scorer(tmp_path)
