"""What a run came to: results.json (also for `hwgen report`), a table for people, curves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwgen.training.checkpoint import write_text
from hwgen.training.driver.curves import Points, picture, smoothed
from hwgen.training.driver.run import shown
from hwgen.training.driver.stages import read_log
from hwgen.training.driver.state import State
from hwgen.verify.tools import tool_versions

if TYPE_CHECKING:
    from hwgen.training.recipe import Recipe

FILE = "results.json"
SCHEMA = 1
UNITS = {"seconds": "s", "waited_s": "s", "pairs": "pairs", "rows": "rows", "steps": "steps",
         "parameters": "weights", "candidates": "texts", "judged": "texts"}  # fmt: skip

SMOOTH = 20  # a curve shows the mean over this part of its steps


def results_of(recipe: Recipe, state: State, command: str = "") -> dict[str, Any]:
    """JSON values of a run: recipe, stages with their numbers, and the same as rows of a benchmark
    (one figure each). `command` is what repeats it.
    """
    return {
        "schema": SCHEMA,
        "kind": "training",
        "recipe": recipe.name,
        "digest": recipe.digest(),
        "data": state.who.data,
        "seed": recipe.seed,
        "threads": state.threads,
        "seconds": round(sum(record.seconds for record in state.records), 1),
        "stages": [
            {"name": r.name, "seconds": r.seconds, **r.numbers, "outputs": r.outputs}
            for r in state.records
        ],
        "rows": [
            row(f"{r.name}: {name.replace('_', ' ')}", value, UNITS.get(name, ""), command)
            for r in state.records
            for name, value in {"seconds": r.seconds, **r.numbers}.items()
        ],
        "tools": versions(),
    }


def row(name: str, value: Any, unit: str = "", command: str = "") -> dict[str, Any]:
    """A figure as benchmarks write it, without goal or peer."""
    none = dict.fromkeys(("goal", "met"))
    kept = {"name": name, "value": value, "unit": unit, **none}
    return {**kept, "peer": "", "limit": "", "command": command}


def versions() -> dict[str, str]:
    """Versions of what a run's figures depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = dict(tool_versions())
    for package in ("torch", "transformers", "trl", "peft"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_results(recipe: Recipe, state: State, command: str = "") -> dict[str, Any]:
    """Write results.json and curves/ into the run's folder, point `policy` at the newest policy,
    and return the results.
    """
    results = results_of(recipe, state, command)
    write_text(state.folder / FILE, json.dumps(results, indent=2) + "\n")
    for name, text in pictures(state).items():
        write_text(state.folder / "curves" / f"{name}.svg", text)
    newest = state.newest("policy")
    if newest is not None:
        link = state.folder / "policy"
        link.unlink(missing_ok=True)
        link.symlink_to(newest.relative_to(state.folder))
    return results


def table(results: Mapping[str, Any]) -> str:
    """The stages as lines of text: name, seconds, key numbers."""
    lines = [("stage", "seconds", "")]
    for stage in results["stages"]:
        facts = {k: v for k, v in stage.items() if k not in ("name", "seconds", "outputs")}
        said = ", ".join(f"{k.replace('_', ' ')} {shown(v)}" for k, v in facts.items())
        lines.append((stage["name"], f"{stage['seconds']:.1f}", said))
    lines.append(("all", f"{results['seconds']:.1f}", ""))
    wide = [max(len(line[n]) for line in lines) for n in (0, 1)]
    return "\n".join(
        f"{name:<{wide[0]}}  {seconds:>{wide[1]}}  {said}".rstrip() for name, seconds, said in lines
    )


def pictures(state: State) -> dict[str, str]:
    """SVG text by name: `loss` of SFT, `reward` and pass rate of RL, `held-out` pass rates."""
    found: dict[str, str] = {}
    losses = _lines(state, "sft-", "loss", lambda stage: stage)
    if losses:
        found["loss"] = picture("Loss on completions", "step", "nats per token", losses)
    rewards = _lines(state, "rl-", "reward", lambda stage: f"{stage} reward")
    rewards |= _lines(state, "rl-", "passed", lambda stage: f"{stage} passed")
    if rewards:
        found["reward"] = picture("Answers during RL", "step", "mean of a step", rewards)
    rates: dict[str, list[tuple[float, float]]] = {}
    evaluations = [r for r in state.records if r.name.startswith("evaluate-")]
    for number, record in enumerate(evaluations):
        for name, value in record.numbers.items():
            rates.setdefault(name.replace("/", " "), []).append((number, value))
    if rates:
        names = ", ".join(r.name.removeprefix("evaluate-") for r in evaluations)
        found["held-out"] = picture("Held-out tasks", f"after {names}", "share passed", rates)
    return found


def _lines(state: State, prefix: str, key: str, named: Callable[[str], str]) -> dict[str, Points]:
    lines: dict[str, Points] = {}
    for record in state.records:
        if not record.name.startswith(prefix):
            continue
        log = [line for line in read_log(Path(state.folder / record.name)) if _is(line.get(key))]
        if log:
            values = smoothed([line[key] for line in log], max(1, len(log) // SMOOTH))
            steps = [line["step"] for line in log]
            lines[named(record.name)] = list(zip(steps, values, strict=True))
    return lines


def _is(value: Any) -> bool:
    return isinstance(value, int | float)
