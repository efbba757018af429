"""`hwgen train RECIPE --bench`: what each part of a recipe is worth, by runs that differ in it.

Every variant is a run of the same driver with some of the recipe's settings changed, once a seed.
Stages that two variants share (data, policy from scratch, SFT, ...) are computed once and copied.
All are asked the same held-out tasks by the same judge. Figures are rows as benchmarks write them.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hwgen.training.bench_variants import VARIANTS, Variant, recipe_for, stages_for
from hwgen.training.checkpoint import write_text
from hwgen.training.configs.read import read_recipe
from hwgen.training.driver.plan import Step, plan
from hwgen.training.driver.results import row, versions, write_results
from hwgen.training.driver.run import train
from hwgen.training.driver.state import FILE, Identity, Record, State, digest_of_data
from hwgen.training.evaluate.compare import compare_seeds
from hwgen.training.recipe import Recipe

SEEDS = 3
RESULTS = "bench.json"
JUDGED = ("tbr", "rl", "rejection")  # stages that the recipe's own judge has a say in

Runs = dict[str, list[tuple[Recipe, State]]]
"""Finished runs by variant, one for each seed."""


def bench(
    said: str,
    settings: Iterable[str],
    folder: Path,
    *,
    data: Path | None,
    resume: bool,
    threads: int,
    say: Callable[[str], None],
    variants: Sequence[Variant] = VARIANTS,
    seeds: int = SEEDS,
) -> dict[str, Any]:
    """Run every variant of a recipe for `seeds` seeds in `folder`/VARIANT/SEED; write bench.json.

    Returns {"rows": [...], "tools": ...}. With `resume`, what is finished stays. Raises UsageError
    as runs do, and for a recipe without RL or evaluation.
    """
    base = read_recipe(said, settings)
    command = f"hwgen train {said}" + "".join(f" --set {s}" for s in settings) + " --bench"
    runs: Runs = {}
    for seed in range(base.seed, base.seed + seeds):
        for variant in variants:
            recipe = recipe_for(base, variant, seed)
            place = folder / variant.folder / f"seed-{seed}"
            say(f"== {variant.name}, seed {seed}: {variant.what}")
            if not (place / FILE).exists():
                adopt(recipe, place, [run for kept in runs.values() for run in kept], data)
            state = train(
                recipe, place, stages_for(variant), data=data, threads=threads, say=say,
                resume=resume or (place / FILE).exists(),
            )  # fmt: skip
            write_results(recipe, state, command)
            runs.setdefault(variant.name, []).append((recipe, state))
    found = {"rows": list(rows(variants, runs, command)), "tools": versions()}
    write_text(folder / RESULTS, json.dumps(found, indent=2) + "\n")
    return found


def adopt(
    recipe: Recipe,
    place: Path,
    others: Sequence[tuple[Recipe, State]],
    data: Path | None,
) -> int:
    """Copy into the new run at `place` the longest chain of first stages that a finished run
    computed with the same settings; returns how many.
    """
    mine = _facts(recipe)
    best: tuple[int, State | None] = (0, None)
    for theirs, state in others:
        same = _common(mine, _facts(theirs))
        if same > best[0]:
            best = (same, state)
    count, source = best
    shutil.rmtree(place, ignore_errors=True)  # copies of an earlier attempt that was stopped
    if source is None:
        return 0
    place.mkdir(parents=True, exist_ok=True)
    state = State(place, Identity(recipe.name, recipe.digest(), digest_of_data(data)))
    state.threads = source.threads
    for record in source.records[:count]:
        shutil.copytree(source.folder / record.name, place / record.name)
        state.records.append(Record(**asdict(record)))
    state.write()
    return count


def _common(mine: Sequence[object], theirs: Sequence[object]) -> int:
    """Length of the longest common beginning."""
    for number, (one, other) in enumerate(zip(mine, theirs, strict=False)):
        if one != other:
            return number
    return min(len(mine), len(theirs))


def _facts(recipe: Recipe) -> list[tuple[object, ...]]:
    """What each stage's outcome depends on, besides the stages before it; up to rejection sampling,
    which variants do not share.
    """
    shared = (recipe.seed, recipe.threads, recipe.families)
    steps = list(itertools.takewhile(lambda step: step.kind != "rejection", plan(recipe)))

    def settings(step: Step) -> object:
        return step.config.model_dump(mode="json") if step.config is not None else None

    return [
        (step.name, settings(step), shared, recipe.judging if step.kind in JUDGED else None)
        for step in steps
    ]


def rows(variants: Sequence[Variant], runs: Runs, command: str) -> Iterator[dict[str, Any]]:
    """Pass rates by variant and split over all seeds, and the paired differences between variants
    with their 95 % intervals (tasks drawn again, `compare_seeds`); what judging cost.
    """
    for variant in variants:
        kept = runs[variant.name]
        for draw in _draws(kept[0][0]):
            mine = [last_evaluation(run) / draw for run in kept]
            for split, figures in compare_seeds([(m, m) for m in mine])["splits"].items():
                name = f"{variant.name}: {draw} pass@1 on {split}"
                yield row(name, round(figures["after"], 4), "share", command)
            if not variant.against:
                continue
            theirs = [last_evaluation(run) / draw for run in runs[variant.against]]
            told = compare_seeds(list(zip(theirs, mine, strict=True)))
            for split, figures in told["splits"].items():
                name = f"{variant.name} less {variant.against}: {draw} pass@1 on {split}"
                low, high = figures["low"], figures["high"]
                unit = f"points (95 %: {100 * low:.1f} to {100 * high:.1f})"
                yield row(name, round(100 * figures["difference"], 2), unit, command)
        calls = [sum(r.numbers.get("candidates", 0) for r in run.records) for _, run in kept]
        yield row(f"{variant.name}: answers judged", round(sum(calls) / len(calls)), "", command)


def last_evaluation(run: tuple[Recipe, State]) -> Path:
    """Folder of a run's last evaluation."""
    found = run[1].newest("evaluation")
    assert found is not None, "every variant is evaluated"
    return found


def _draws(recipe: Recipe) -> list[str]:
    return list(recipe.evaluate.draws) if recipe.evaluate else []


def table(results: Mapping[str, Any]) -> str:
    """The rows as aligned text."""
    found = results["rows"]
    wide = max((len(r["name"]) for r in found), default=0)
    return "\n".join(f"{r['name']:<{wide}}  {r['value']:>8} {r['unit']}".rstrip() for r in found)
