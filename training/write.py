"""A policy as a writer of blocks: what `hwgen build --blocks model` asks for Verilog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hwgen.blocks.judging import Writer
from hwgen.errors import Problem, UsageError
from hwgen.resources import folder
from hwgen.tasks.task import Task
from hwgen.training.policy import Policy, generate, load_policy
from hwgen.training.text import code_in, prompt_of

SHIPPED = "shipped"
TEMPERATURE, TOP_P = 0.7, 0.95  # of all candidates but the first three
MAX_NEW_TOKENS = 1024  # the policy's context ends an answer earlier


def shipped_policy() -> Path:
    """The folder of the policy that comes with hwgen. Raises UsageError if there is none."""
    path = folder("training") / SHIPPED
    if (path / "config.json").is_file():
        return path
    raise UsageError(
        Problem(
            "this installation of hwgen carries no policy",
            "model-written blocks need a policy that writes them",
            "train one: hwgen train tiny -o DIR, and build with --blocks model:DIR",
        )
    )


def policy_writer(path: Path | str | None = None, *, seed: int = 0) -> Writer:
    """The writer that a policy is: of the folder or name `path`, None for the shipped one.

    Raises UsageError as `load_policy` does.
    """
    return writer_of(load_policy(path if path is not None else shipped_policy()), seed=seed)


def writer_of(policy: Policy, *, seed: int = 0) -> Writer:
    """A writer that asks `policy` in each phrasing of a task: first its greedy answers, then
    samples from `seed`. A phrasing that fills the policy's context is left out; equal answers are
    given once, and nothing that did not end by itself is given.
    """

    def write(task: Task, count: int) -> Iterator[str]:
        prompts = _prompts(policy, task)
        seen: set[str] = set()
        for text in _answers(policy, prompts, count, seed):
            code = code_in(text)
            if code and code not in seen and len(seen) < count:
                seen.add(code)
                yield code

    return write


def _prompts(policy: Policy, task: Task) -> list[str]:
    """The task in all its phrasings, as far as prompt and a line of answer fit the context."""
    asked = dict.fromkeys((task.spec.prompt, *task.phrasings))
    specs = (task.spec.model_copy(update={"prompt": prompt}) for prompt in asked)
    prompts = [prompt_of(replace(task, spec=spec)) for spec in specs]
    return [prompt for prompt in prompts if len(policy.prompt_ids(prompt)) < policy.context - 32]


def _answers(policy: Policy, prompts: list[str], count: int, seed: int) -> Iterator[str]:
    if not prompts:
        return
    greedy = generate(policy, prompts[:count], max_new_tokens=MAX_NEW_TOKENS)
    yield from (sample.text for samples in greedy for sample in samples if sample.ended)
    left = count - len(greedy)
    if left <= 0:
        return
    drawn = generate(
        policy, prompts, samples=-(-left // len(prompts)), temperature=TEMPERATURE, top_p=TOP_P,
        seed=seed, max_new_tokens=MAX_NEW_TOKENS,
    )  # fmt: skip
    rounds = zip(*drawn, strict=True)
    yield from [s.text for samples in rounds for s in samples if s.ended][:left]
