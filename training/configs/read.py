"""Reading a recipe: its YAML, settings over it, and everything that is wrong with it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from hwgen.emit.config import read_config, read_settings
from hwgen.errors import Problem, UsageError
from hwgen.training.configs import path_of
from hwgen.training.driver.plan import plan
from hwgen.training.recipe import OURS, Recipe


def read_recipe(said: str, settings: Iterable[str] = ()) -> Recipe:
    """The recipe called `said`, or of the YAML file `said`, with settings like
    `rounds.1.rl.steps=20` in place of its own (rounds count from 1, as in rl-1). Raises UsageError
    with every problem.
    """
    path = path_of(said)
    data = _overlaid(read_config(path), read_settings(settings))
    return recipe_of({"name": path.stem, **data})


def recipe_of(data: Mapping[str, Any]) -> Recipe:
    """The recipe of nested data. Raises UsageError with every problem."""
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        owner = f"recipe {data.get('name', '')}".strip()
        raise UsageError(*(p for e in error.errors() for p in _problems(owner, dict(e)))) from None
    problems = list(_contradictions(recipe))
    if problems:
        raise UsageError(*problems)
    return recipe


def _overlaid(base: Any, top: Any) -> Any:
    """`base` with the values of `top`; a mapping whose keys count from 1 changes a list's items."""
    if isinstance(base, list) and isinstance(top, dict):
        items = list(base)
        for key, value in top.items():
            if not key.isdigit() or not 1 <= int(key) <= len(items):
                raise UsageError(
                    Problem(
                        f"--set ...{key}... is not usable",
                        f"the list has items 1 to {len(items)}",
                        "write it like: --set rounds.1.rl.steps=20",
                    )
                )
            items[int(key) - 1] = _overlaid(items[int(key) - 1], value)
        return items
    if isinstance(base, dict) and isinstance(top, dict):
        return {**base, **{k: _overlaid(base.get(k), v) for k, v in top.items()}}
    return top


def _contradictions(recipe: Recipe) -> Iterator[Problem]:
    """What no single field can see."""
    stages = {s.name for s in plan(recipe) if s.kind in ("sft", "rl")}
    for name in recipe.evaluate.after if recipe.evaluate else ():
        if name not in stages:
            yield Problem(
                f"recipe {recipe.name}: evaluate.after names '{name}'",
                f"stages of this recipe that make a policy: {', '.join(sorted(stages))}",
            )
    pairs = sampled = False
    for number, part in enumerate(recipe.rounds, start=1):
        where = f"recipe {recipe.name}: rounds.{number}"
        pairs = pairs or part.tbr is not None
        if part.reward_model and not pairs:
            yield Problem(
                f"{where}.reward_model has nothing to learn from",
                "a reward model learns from the pairs of tbr",
                f"give rounds.{number}.tbr, or leave reward_model out",
            )
        if number > 1 and part.sft and not sampled:
            yield Problem(
                f"{where}.sft has nothing new to learn",
                "from the second round on SFT learns what rejection sampling kept",
                f"give rounds.{number - 1}.rejection, or leave sft out",
            )
        sampled = part.rejection is not None
    if not any((part.sft or part.rl) for part in recipe.rounds):
        yield Problem(f"recipe {recipe.name} trains no policy", "a round has sft or rl")


def _problems(owner: str, error: dict[str, Any]) -> tuple[Problem, ...]:
    if error["type"] == OURS:
        return tuple(error["ctx"]["said"])
    return (_problem(owner, error),)


def _problem(owner: str, error: dict[str, Any]) -> Problem:
    """One pydantic error in our words."""
    place = [str(p + 1 if isinstance(p, int) else p) for p in error["loc"] if p != "[key]"]
    where, kind = ".".join(place), error["type"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _keys(place[:-1]), 1)
        return Problem(
            f"{owner}: {where} is unknown",
            f"known here: {', '.join(_keys(place[:-1]))}",
            f"did you mean {'.'.join([*place[:-1], near[0]])}?" if near else "",
        )
    if kind == "missing":
        return Problem(f"{owner}: {where} is missing", "it has no default")
    said = str(error["msg"]).removeprefix("Value error, ")
    given = str(error["input"])
    given = f" = {given}" if not isinstance(error["input"], dict) and len(given) <= 60 else ""
    return Problem(f"{owner}: {where or 'it'}{given} is not usable", said[:1].lower() + said[1:])


def _keys(place: list[str]) -> list[str]:
    """Names of the fields of the group that `place` leads to."""
    group: Any = Recipe
    for part in place:
        if part.isdigit():
            continue
        field = getattr(group, "model_fields", {}).get(part)
        group = _group_in(field.annotation) if field else None
    return list(getattr(group, "model_fields", {}))


def _group_in(annotation: Any) -> Any:
    """The configuration class in an annotation such as `Round | None` or `tuple[Round, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_group_in(a) for a in getattr(annotation, "__args__", ())]
    return next((f for f in found if f is not None), None)
