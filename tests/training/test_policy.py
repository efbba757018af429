"""Our own policy, loading any other, and sampling: what is computed, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from hwgen.errors import HwgenError, UsageError
from hwgen.training.policy import (
    Lora,
    Policy,
    Size,
    check_adapter,
    generate,
    load_policy,
    new_policy,
    save_policy,
)
from hwgen.training.policy import decoder as decoding
from hwgen.training.policy import load as loading
from hwgen.training.policy import sample as sampling
from hwgen.training.policy.decoder import Fast, General, decoder_of
from hwgen.training.policy.memory import need_of
from hwgen.training.policy.sample import Drawing, pick

TEXTS = [
    "module counter (\n    input wire [11:0] d\n);\nendmodule\n",
    "count 4095 of 'h1FF; y <= d",
] * 3
SIZE = Size(layers=2, width=64, heads=4, vocab=300, context=96)
PROMPTS = ["module a", "count 12 of d; y <= d\ninput wire", "y", "module counter (\n  input"]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def policy() -> Policy:
    made = new_policy(SIZE, TEXTS, 0)
    with torch.no_grad():  # away from the start, where all logits are alike
        draw = torch.Generator().manual_seed(1)
        for p in made.model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=draw))
    return made


@pytest.fixture(scope="module")
def folder(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("policy")
    save_policy(policy, path)
    return path


def test_every_digit_is_a_token_and_every_text_can_be_written(policy: Policy) -> None:
    tokens = policy.tokenizer.convert_ids_to_tokens(policy.prompt_ids("12'h1FF <= 4095"))
    assert tokens == ["1", "2", "'h", "1", "F", "F", "Ġ<=", "Ġ", "4", "0", "9", "5"]
    for text in (*TEXTS, "naïve → 漢字\t\r\n", "  a  b\n\n   c 'sd7 it's <|endx|>"):
        assert policy.tokenizer.decode(policy.prompt_ids(text)) == text
    assert policy.answer_ids("y")[-1] == policy.eos != policy.pad


def test_same_seed_same_policy_and_no_trace_in_the_global_random_state() -> None:
    state = torch.get_rng_state()
    one, two, other = (new_policy(SIZE, iter(TEXTS), seed) for seed in (3, 3, 4))
    assert torch.equal(state, torch.get_rng_state())
    assert one.tokenizer.backend_tokenizer.to_str() == two.tokenizer.backend_tokenizer.to_str()
    for first, second in zip(one.model.parameters(), two.model.parameters(), strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(one.model.lm_head.weight, other.model.lm_head.weight)


def test_sizes_that_cannot_be_built() -> None:
    with pytest.raises(UsageError, match="width 100 and 3 heads"):
        Size(width=100, heads=3)
    with pytest.raises(UsageError, match="vocab = 100 is too small"):
        new_policy(Size(vocab=100), TEXTS, 0)


def test_saved_weights_are_bfloat16_and_come_back_as_float32(policy: Policy, folder: Path) -> None:
    assert json.loads((folder / "config.json").read_text())["dtype"] == "bfloat16"
    assert (folder / "model.safetensors").stat().st_size < 2.2 * policy.parameters + 8000
    said: list[str] = []
    again = load_policy(folder, say=said.append)
    assert "million parameters" in said[0]
    for ours, theirs in zip(policy.model.parameters(), again.model.parameters(), strict=True):
        assert theirs.dtype == torch.float32
        assert torch.equal(ours.to(torch.bfloat16).float(), theirs)
    others = AutoTokenizer.from_pretrained(folder)  # as every other tool will load it
    for text in (*TEXTS, "'h1FF\n      ;; 12"):
        assert again.prompt_ids(text) == policy.prompt_ids(text) == others(text)["input_ids"]
    assert (again.eos, again.pad, again.context) == (policy.eos, policy.pad, policy.context)


def greedy(policy: Policy, count: int) -> list[list[int]]:
    """What transformers' own generate answers, prompts padded on the left."""
    policy.tokenizer.padding_side = "left"
    batch = policy.tokenizer(PROMPTS, return_tensors="pt", padding=True)
    said = policy.model.generate(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        max_new_tokens=count,
        do_sample=False,
    )
    rows = said[:, batch["input_ids"].shape[1] :].tolist()
    return [row[: row.index(policy.eos) + 1] if policy.eos in row else row for row in rows]


def test_greedy_equals_transformers(policy: Policy) -> None:
    expected = greedy(policy, 40)
    prompts = [policy.prompt_ids(prompt) for prompt in PROMPTS]
    found = sampling.decode(policy, prompts, 1, Drawing(), batch=3, max_new_tokens=40)
    assert [answers[0] for answers in found] == expected
    assert len({tuple(row) for row in expected}) > 1


def test_both_decoders_compute_the_same_logits(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "FIRST_ROOM", 5)  # so that the cache grows
    prompts = [policy.prompt_ids(prompt) for prompt in PROMPTS]
    fast, general = Fast(policy.model), General(policy.model)
    assert isinstance(decoder_of(policy.model), Fast)
    one, two = fast.begin(prompts, 3, 12), general.begin(prompts, 3, 12)
    for step in range(12):
        torch.testing.assert_close(one, two, atol=1e-4, rtol=1e-4)
        tokens = (torch.arange(len(one)) * 7 + step) % 250
        if step == 5:
            rows = torch.tensor([0, 1, 3, 10])
            fast.keep(rows)
            general.keep(rows)
            tokens = tokens[rows]
        one, two = fast.step(tokens), general.step(tokens)
    assert len(one) == 4


def test_samples_depend_on_seed_and_prompt_alone(policy: Policy) -> None:
    def draw(prompts: Sequence[str], seed: int = 5, batch: int = 64) -> list[list[str]]:
        found = generate(
            policy, prompts, samples=3, temperature=1.0, seed=seed, batch=batch, max_new_tokens=25
        )
        return [[s.text for s in answers] for answers in found]

    state = torch.get_rng_state()
    first = draw(PROMPTS)
    assert draw(PROMPTS[::-1], batch=2)[::-1] == first
    assert draw(PROMPTS[1:2])[0] == first[1]
    assert draw(PROMPTS, seed=6) != first
    assert len(set(first[0])) == 3
    assert torch.equal(state, torch.get_rng_state())


def test_greedy_samples_are_equal_and_stop_where_the_context_ends(policy: Policy) -> None:
    ((one, two),) = generate(policy, [PROMPTS[1]], samples=2)
    assert one == two
    assert one.ended or len(policy.prompt_ids(PROMPTS[1])) + one.tokens == policy.context


class Script:
    """A decoder that says, row by row, what it was told to."""

    def __init__(self, said: list[list[int]]) -> None:
        self.said, self.at, self.widths = [list(row) for row in said], 0, [len(said)]

    def _logits(self) -> torch.Tensor:
        tokens = [row[min(self.at, len(row) - 1)] for row in self.said]
        return torch.nn.functional.one_hot(torch.tensor(tokens), 10).float()

    def begin(self, prompts: Sequence[Sequence[int]], repeat: int, room: int) -> torch.Tensor:
        assert len(prompts) * repeat == len(self.said)
        return self._logits()

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        assert tokens.tolist() == [row[self.at] for row in self.said]
        self.at += 1
        self.widths.append(len(self.said))
        return self._logits()

    def keep(self, rows: torch.Tensor) -> None:
        self.said = [self.said[row] for row in rows.tolist()]


def test_rows_end_at_eos_or_where_their_room_ends_and_then_cost_nothing() -> None:
    said = [[1, 0], [2, 3, 4, 0, 9], [5] * 9, [0], [6] * 9]
    script = Script([row + [9] * (9 - len(row)) for row in said])
    rooms = [8, 8, 8, 8, 3]
    uniform = torch.zeros(5, 8)
    found = sampling._answers(script, [[1]] * 5, rooms, uniform, Drawing(), 0)
    assert found == [[1, 0], [2, 3, 4, 0], [5] * 8, [0], [6] * 3]
    assert script.widths == [5, 4, 3, 2, 1, 1, 1, 1]


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    logits = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05])).expand(20_000, 4)
    uniform = torch.from_numpy(np.random.default_rng(0).random(20_000))
    share = pick(logits, uniform, Drawing(1.0)).bincount(minlength=4) / 20_000
    torch.testing.assert_close(share, logits[0].exp(), atol=0.01, rtol=0)
    cooled = pick(logits, uniform, Drawing(0.5)).bincount(minlength=4) / 20_000
    squares = logits[0].exp() ** 2
    torch.testing.assert_close(cooled, squares / squares.sum(), atol=0.01, rtol=0)
    cut = pick(logits, uniform, Drawing(1.0, top_p=0.6)).bincount(minlength=4) / 20_000
    torch.testing.assert_close(cut, torch.tensor([0.625, 0.375, 0, 0]), atol=0.01, rtol=0)


def test_drawings_and_prompts_that_are_refused(policy: Policy) -> None:
    with pytest.raises(UsageError, match="temperature -1"):
        generate(policy, ["y"], temperature=-1)
    with pytest.raises(UsageError, match="top_p 0 is not usable"):
        generate(policy, ["y"], temperature=1, top_p=0)
    with pytest.raises(UsageError, match="prompt 1 has 96 tokens"):
        generate(policy, ["y", "1" * 96])


def test_adapter_changes_logits_and_a_lost_one_is_found(folder: Path) -> None:
    policy = load_policy(folder, lora=Lora(rank=2))
    trained = {n: p.clone() for n, p in policy.model.named_parameters() if p.requires_grad}
    assert all("lora_" in name for name in trained)
    assert check_adapter(policy) > 1e-4
    for name, p in policy.model.named_parameters():
        assert name not in trained or torch.equal(p, trained[name])
    policy.model.disable_adapter_layers()
    for name, p in policy.model.named_parameters():
        p.requires_grad_("lora_" in name)
    with pytest.raises(HwgenError, match="do not reach the model"):
        check_adapter(policy)
    for p in policy.model.parameters():
        p.requires_grad_(False)
    with pytest.raises(HwgenError, match="no weights that are trained"):
        check_adapter(policy)


def test_an_adapter_is_saved_alone_and_goes_on(folder: Path, tmp_path: Path) -> None:
    policy = load_policy(folder, lora=Lora(rank=2))
    with torch.no_grad():
        for p in policy.model.parameters():
            if p.requires_grad:
                p.add_(0.1)
    save_policy(policy, tmp_path)
    assert not (tmp_path / "model.safetensors").exists()
    again = load_policy(tmp_path)
    plain = [s[0].text for s in generate(load_policy(folder), PROMPTS, max_new_tokens=20)]
    texts = [[s[0].text for s in generate(p, PROMPTS, max_new_tokens=20)] for p in (policy, again)]
    assert texts[0] == texts[1] != plain
    assert any(p.requires_grad for p in again.model.parameters())


def test_memory_is_counted_from_the_configuration(folder: Path) -> None:
    policy = load_policy(folder, lora=Lora(rank=2))
    need = need_of(policy.model.get_base_model().config, rank=2)
    sizes = [(p.numel(), p.requires_grad) for p in policy.model.parameters()]
    assert need.trained == sum(count for count, trained in sizes if trained)
    assert need.parameters == sum(count for count, trained in sizes if not trained)
    assert need.weights == 4 * policy.parameters
    assert need.to_train == need.to_load + 12 * need.trained


def test_a_model_too_large_is_refused_before_its_weights_are_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    monkeypatch.setattr(loading, "free_bytes", lambda device: 100_000)
    with pytest.raises(UsageError, match=r"needs 0\.5 MiB, 0\.1 MiB are free"):
        load_policy(tmp_path)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="not a language model that can be loaded"):
        load_policy(tmp_path)


@pytest.mark.parametrize(("lost", "said"), [("eos", "never end"), ("pad", "cannot be padded")])
def test_a_tokenizer_must_have_eos_and_pad(
    folder: Path, tmp_path: Path, lost: str, said: str
) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    del settings[f"{lost}_token"]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(UsageError, match=f"has no {lost} token\n.*{said}"):
        load_policy(tmp_path)


def test_chat_models_see_prompts_as_their_template_says(policy: Policy, tmp_path: Path) -> None:
    save_policy(policy, tmp_path)
    template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<answer>"
    (tmp_path / "chat_template.jinja").write_text(template)
    chat = load_policy(tmp_path)
    assert chat.framed("make y") == "<user>make y<answer>"
    assert policy.framed("make y") == "make y"
    assert chat.prompt_ids("make y") == policy.prompt_ids("<user>make y<answer>")
