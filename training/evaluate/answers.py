"""Samples for many prompts, asked chunk by chunk and kept: no prompt is asked twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwgen.training.evaluate.writer import Asking, Writer, ask, length_of, room_for
from hwgen.training.records import append, read_lines

if TYPE_CHECKING:
    from hwgen.training.policy import Policy


@dataclass(frozen=True)
class Answer:
    """The samples to one prompt: texts, whether each ended by itself, and its tokens. All empty
    where the prompt left no room in the policy's context and was not asked.
    """

    name: str
    texts: tuple[str, ...] = ()
    ended: tuple[bool, ...] = ()
    tokens: tuple[int, ...] = ()

    @property
    def asked(self) -> bool:
        return bool(self.texts)

    def as_dict(self) -> dict[str, Any]:
        """JSON values: a line of the file of answers."""
        return {
            "id": self.name,
            "samples": [
                {"text": text, "ended": ended, "tokens": tokens}
                for text, ended, tokens in zip(self.texts, self.ended, self.tokens, strict=True)
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        """The answer that `as_dict` made `data` of."""
        samples = data["samples"]
        return cls(
            data["id"],
            tuple(str(s["text"]) for s in samples),
            tuple(bool(s["ended"]) for s in samples),
            tuple(int(s["tokens"]) for s in samples),
        )


def answers_of(
    writer: Policy | Writer, prompts: Mapping[str, str], asking: Asking, path: Path
) -> Iterator[list[Answer]]:
    """Yield the answers to `prompts` (by name) chunk by chunk, new ones written to `path` first.

    Prompts of like length are asked together. Chunks follow from the prompts alone, so that a run
    that was stopped asks what is left exactly as it would have.
    """
    kept = {record["id"]: Answer.from_dict(record) for record in read_lines(path)}
    lengths = {name: length_of(writer, prompt) for name, prompt in prompts.items()}
    order = sorted(prompts, key=lambda name: (lengths[name], name))
    asked = [name for name in order if room_for(writer, lengths[name])]
    width = max(1, asking.batch // asking.samples)
    for start in range(0, len(asked), width):
        chunk = asked[start : start + width]
        if not kept.keys() >= set(chunk):
            _keep(path, kept, _asked(writer, prompts, chunk, asking))
        yield [kept[name] for name in chunk]
    unasked = [name for name in order if not room_for(writer, lengths[name])]
    if unasked:
        _keep(path, kept, [Answer(name) for name in unasked])
        yield [kept[name] for name in unasked]


def _asked(
    writer: Policy | Writer, prompts: Mapping[str, str], chunk: Sequence[str], asking: Asking
) -> list[Answer]:
    found = ask(writer, [prompts[name] for name in chunk], asking)
    return [
        Answer(
            name,
            tuple(s.text for s in samples),
            tuple(s.ended for s in samples),
            tuple(s.tokens for s in samples),
        )
        for name, samples in zip(chunk, found, strict=True)
    ]


def _keep(path: Path, kept: dict[str, Answer], found: Sequence[Answer]) -> None:
    """Write what is new; what a torn line left of a chunk stays as it was."""
    new = [answer for answer in found if answer.name not in kept]
    append(path, [answer.as_dict() for answer in new])
    kept.update((answer.name, answer) for answer in new)
