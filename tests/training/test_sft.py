"""Fine-tuning: what is learnt, what is counted, and that a stopped run goes on exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from hwgen.errors import HwgenError, UsageError
from hwgen.training import sft as training
from hwgen.training.checkpoint import latest, steps
from hwgen.training.policy import Lora, Policy, Size, generate, load_policy, new_policy, save_policy
from hwgen.training.policy.pairs import Pair, batches, pairs_of
from hwgen.training.sft import SftConfig, sft

ROWS = [
    {
        "id": f"row{n}",
        "prompt": f"double {n}\n",
        "completion": f"assign y = {2 * n};\n" * (1 + n % 2),
    }
    for n in range(8)
]
CONFIG = SftConfig(steps=8, batch_tokens=90, save_every=4, say_every=4)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def fresh(seed: int = 0) -> Policy:
    texts = [str(row[key]) for row in ROWS for key in ("prompt", "completion")]
    return new_policy(Size(layers=2, width=32, heads=2, vocab=280, context=64), texts, seed)


def silent(text: str) -> None:
    assert text


def losses(folder: Path) -> list[tuple[int, float]]:
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [(line["step"], line["loss"]) for line in lines]


def weights(policy: Policy) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in policy.model.named_parameters()}


def equal(one: Mapping[str, torch.Tensor], two: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[n], two[n]) for n in one)


@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
def test_a_policy_learns_to_write_the_completions_and_to_end(
    tmp_path: Path, optimiser: Any
) -> None:
    said: list[str] = []
    config = SftConfig(steps=150, batch_tokens=150, lr=1e-2, optimiser=optimiser)
    policy = sft(fresh(), ROWS, config, tmp_path, seed=0, resume=False, say=said.append)
    answers = [s[0] for s in generate(policy, [str(row["prompt"]) for row in ROWS])]
    assert [a.text for a in answers] == [row["completion"] for row in ROWS]
    assert all(a.ended for a in answers)
    assert said[-1].startswith("sft step 150/150: loss 0.0")
    kept = load_policy(tmp_path / "policy", say=silent)
    assert equal(weights(policy), weights(kept))
    assert list((tmp_path / "tb").iterdir())


class Stop(Exception):
    pass


def stopping(step: int) -> Any:
    def say(text: str) -> None:
        if text.startswith(f"sft step {step}/"):
            raise Stop

    return say


def test_a_stopped_run_goes_on_with_the_same_losses(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    expected = sft(fresh(), ROWS, CONFIG, whole, seed=1, resume=False, say=silent)
    config = CONFIG.model_copy(update={"say_every": 1})
    for step in (2, 7):  # before the first checkpoint, and behind it: steps 5 to 7 are done again
        with pytest.raises(Stop):
            sft(fresh(), ROWS, config, torn, seed=1, resume=True, say=stopping(step))
    said: list[str] = []
    found = sft(fresh(seed=9), ROWS, CONFIG, torn, seed=1, resume=True, say=said.append)
    assert said[0] == "going on after step 4 of 8"
    assert losses(torn) == losses(whole)
    assert [step for step, _ in losses(torn)] == list(range(1, 9))
    assert equal(weights(found), weights(expected))
    again = sft(fresh(), ROWS, CONFIG, torn, seed=1, resume=True, say=silent)
    assert equal(weights(again), weights(expected))
    assert losses(torn) == losses(whole)


def test_an_adapter_with_dropout_goes_on_exactly_and_its_base_stays(tmp_path: Path) -> None:
    base = fresh()
    save_policy(base, tmp_path / "base")

    def adapted() -> Policy:
        lora = Lora(rank=2, dropout=0.3)
        return load_policy(tmp_path / "base", lora=lora, say=silent)

    before = weights(adapted())
    one = sft(adapted(), ROWS, CONFIG, tmp_path / "a", seed=1, resume=False, say=silent)
    config = CONFIG.model_copy(update={"say_every": 1})
    with pytest.raises(Stop):
        sft(adapted(), ROWS, config, tmp_path / "b", seed=1, resume=True, say=stopping(6))
    two = sft(adapted(), ROWS, CONFIG, tmp_path / "b", seed=1, resume=True, say=silent)
    assert losses(tmp_path / "a") == losses(tmp_path / "b")
    assert equal(weights(one), weights(two))
    moved = {n for n, p in weights(one).items() if not torch.equal(p, before[n])}
    assert moved == {n for n in before if "lora_" in n}


def test_no_trace_in_the_global_random_state(tmp_path: Path) -> None:
    state = torch.get_rng_state()
    sft(fresh(), ROWS, CONFIG, tmp_path, seed=1, resume=False, say=silent)
    assert torch.equal(state, torch.get_rng_state())


def test_a_checkpoint_of_other_settings_or_rows_is_refused(tmp_path: Path) -> None:
    sft(fresh(), ROWS, CONFIG, tmp_path, seed=1, resume=False, say=silent)
    assert len(steps(tmp_path / "checkpoints")) == 2
    other = CONFIG.model_copy(update={"lr": 1e-4})
    with pytest.raises(UsageError, match="config is"):
        sft(fresh(), ROWS, other, tmp_path, seed=1, resume=True, say=silent)
    with pytest.raises(UsageError, match="data is"):
        sft(fresh(), ROWS[1:], CONFIG, tmp_path, seed=1, resume=True, say=silent)
    newest = latest(tmp_path / "checkpoints")
    assert newest is not None
    assert newest.name.endswith("8")


def run_of(policy: Policy, config: SftConfig = CONFIG) -> tuple[Any, list[Pair]]:
    pairs = pairs_of(policy, ROWS, silent)
    return training._start(policy, pairs, config, 0), pairs


def test_the_loss_counts_answers_alone() -> None:
    policy = fresh()
    run, pairs = run_of(policy)
    expected = 0.0
    with torch.no_grad():
        for pair in pairs:  # one by one: no padding, no shortcut
            ids = torch.tensor([[*pair.prompt, *pair.answer]])
            told = policy.model(input_ids=ids).logits[0].log_softmax(-1)
            places = range(len(pair.prompt), len(pair))
            expected -= sum(float(told[at - 1, ids[0, at]]) for at in places)
        found = float(training._loss(run, pairs))
    assert found == pytest.approx(expected, rel=1e-5)
    assert all(pair.answer[-1] == policy.eos for pair in pairs)


def test_a_batch_in_pieces_is_the_same_update() -> None:
    results = []
    for micro in (10_000, 40, 1):
        policy = fresh()
        run, _ = run_of(policy, CONFIG.model_copy(update={"micro_tokens": micro}))
        loss, norm, tokens = training._update(run, 0, range(8))
        results.append((loss, norm, tokens, weights(policy)["model.norm.weight"]))
    for loss, norm, tokens, weight in results[1:]:
        assert tokens == results[0][2]
        assert (loss, norm) == pytest.approx(results[0][:2], rel=1e-4)
        torch.testing.assert_close(weight, results[0][3])


class Share:
    """One of two processes, as accelerate describes them; gradients stay where they are."""

    num_processes = 2

    def __init__(self, index: int) -> None:
        self.process_index = index

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()


def test_two_processes_share_a_batch_to_the_same_gradient() -> None:
    gradients, counts = [], []
    for shares in ([None], [Share(0), Share(1)]):
        policy = fresh()
        run, pairs = run_of(policy, CONFIG.model_copy(update={"micro_tokens": 40}))
        for share in shares:
            run = replace(run, accelerator=share) if share else run
            pieces = list(training._pieces(run, pairs[:7]))
            counts.append(len(pieces))
            for piece in filter(None, pieces):
                training._loss(run, piece).backward()
        gradients.append([cast(torch.Tensor, p.grad) for p in policy.model.parameters()])
    assert counts[1] == counts[2]  # else one would wait for the other for ever
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two, atol=1e-4, rtol=1e-4)


def test_rows_without_text_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    bad: list[Any] = [
        *ROWS,
        {"id": "lost", "prompt": "x"},
        {"prompt": "x", "completion": "  "},
        {"id": "number", "prompt": 7, "completion": "y"},
    ]
    with pytest.raises(UsageError) as caught:
        sft(fresh(), bad, CONFIG, tmp_path / "out", seed=1, resume=False, say=silent)
    assert [p.what for p in caught.value.problems] == [
        "row 8 (lost): it has no column 'completion'",
        "row 9: its completion is not text or is empty",
        "row 10 (number): its prompt is not text or is empty",
    ]
    assert not (tmp_path / "out").exists()


def test_rows_longer_than_the_context_are_left_out_and_said() -> None:
    said: list[str] = []
    long = {"id": "long", "prompt": "x", "completion": "12 " * 64}
    assert len(pairs_of(fresh(), [*ROWS, long], said.append)) == len(ROWS)
    assert said == ["left out 1 row longer than 64 tokens: long"]
    with pytest.raises(UsageError, match="no row to learn from"):
        pairs_of(fresh(), [long], said.append)


def test_a_loss_that_is_no_number_names_its_rows(tmp_path: Path) -> None:
    policy = fresh()
    with torch.no_grad():
        policy.model.model.norm.weight.fill_(float("nan"))
    run, _ = run_of(policy)
    with pytest.raises(HwgenError, match=r"loss of step 3 is nan\n.*row0, row1"):
        training._update(run, 2, [0, 1])


def test_batches_hold_every_row_once_and_no_more_tokens_than_allowed() -> None:
    lengths = [(37 * n) % 90 + 10 for n in range(200)] + [700]
    found = list(batches(lengths, 400, "1/0"))
    assert sorted(n for batch in found for n in batch) == list(range(201))
    padded = [len(batch) * max(lengths[n] for n in batch) for batch in found]
    assert all(size <= 400 for size, batch in zip(padded, found, strict=True) if 200 not in batch)
    assert sum(padded) < 1.15 * sum(lengths)
    assert found == list(batches(lengths, 400, "1/0"))
    assert found != list(batches(lengths, 400, "1/1"))


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    config = SftConfig(steps=100, lr=1.0, warmup=0.1)
    rates = [training._lr(config, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == 1.0
    assert rates[-1] == pytest.approx(1 / 90)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="extra"):
        SftConfig.model_validate({"extra": 1})
    with pytest.raises(ValueError, match="greater than 0"):
        SftConfig(lr=0)
