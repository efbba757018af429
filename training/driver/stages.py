"""Each stage of a recipe, called with what the driver knows: tasks, policy, judge, seed, folder.

Learning libraries are imported where a stage needs them: the driver itself stays light.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwgen.errors import Problem, UsageError
from hwgen.training.driver.plan import Step
from hwgen.training.driver.run import Run, Stage
from hwgen.training.driver.state import Outcome

if TYPE_CHECKING:
    from hwgen.training.judged import Judging
    from hwgen.training.policy import Policy
    from hwgen.training.reward_model import Scorer


def data(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """The data set: given, or built by the recipe."""
    from hwgen.training.data.build import build
    from hwgen.training.data.folder import load_rows

    if run.data is not None:
        return Outcome({"rows": len(load_rows(run.data))})
    if step.config is None:
        if any(part.sft for part in run.recipe.rounds) or run.recipe.model.size is not None:
            raise UsageError(
                Problem(
                    f"recipe {run.recipe.name} has no data",
                    "SFT, and a policy from scratch, learn from a data set",
                    "give the recipe a data section, or a set: --data DIR",
                )
            )
        return Outcome()
    build(step.config, folder, families=run.recipe.families, say=run.say)
    return Outcome({"rows": len(load_rows(folder))}, {"set": ""})


def start(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """The policy before any training: a new one with its tokenizer, or a look at the given one."""
    from hwgen.training.policy import Size, new_policy, save_policy

    model = step.config
    if model.path is not None:
        return Outcome({"parameters": policy_of(run).parameters})
    size = Size(**model.size.model_dump())
    rows = _rows(run)
    texts = (row[column] for row in rows for column in ("prompt", "completion"))
    policy = new_policy(size, texts, step.seed(run.recipe.seed))
    save_policy(policy, folder / "policy")
    return Outcome({"parameters": policy.parameters}, {"policy": "policy"})


def sft(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """Supervised fine-tuning: on the set, later on what rejection sampling kept."""
    from hwgen.training.policy import save_policy
    from hwgen.training.sft import sft as train

    rows = _rows(run) if step.round == 1 else _kept_and_replayed(run, step)
    policy = train(
        policy_of(run), rows, step.config, folder,
        seed=step.seed(run.recipe.seed), resume=resume, say=run.say,
    )  # fmt: skip
    if not (folder / "policy").is_dir():
        save_policy(policy, folder / "policy")
    log = read_log(folder)
    numbers = {"rows": len(rows), "steps": len(log)}
    return Outcome({**numbers, **_last(log, "loss")}, {"policy": "policy"})


def tbr(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """Candidates, traced back, as preference pairs."""
    from hwgen.training.tbr import tbr as trace_back

    before = _judging(run).counts()
    pairs = trace_back(
        policy_of(run), tasks_of(run, step), step.config, _judging(run), folder,
        seed=step.seed(run.recipe.seed), resume=resume, say=run.say,
    )  # fmt: skip
    with pairs.open(encoding="utf-8") as lines:
        numbers = {"pairs": sum(1 for _ in lines)}
    place = pairs.relative_to(folder).as_posix()
    return Outcome({**numbers, **_judged(run, before)}, {"pairs": place})


def reward_model(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """The reward model, trained on the pairs of all rounds so far."""
    from hwgen.training.reward_model import reward_model as train

    pairs = folder / "pairs.jsonl"
    found = dict.fromkeys(
        line for path in run.state.every("pairs") for line in path.read_text().splitlines()
    )
    if not found:
        run.say("no preference pairs, so no reward model: rewards are the judge's")
        return Outcome({"pairs": 0})
    pairs.write_text("".join(f"{line}\n" for line in found), encoding="utf-8")
    scorer = train(
        policy_of(run), pairs, step.config, folder,
        seed=step.seed(run.recipe.seed), resume=resume, say=run.say,
    )  # fmt: skip
    return Outcome({"pairs": len(found), "auc": scorer.auc}, {"scorer": "model"})


def rl(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """Reinforcement learning on prompts without reference code."""
    from hwgen.training.driver.processes import rank
    from hwgen.training.policy import save_policy
    from hwgen.training.rl import rl as train

    judged = step.config.reward != "model"
    before = _judging(run).counts() if judged else None
    policy = train(
        policy_of(run), tasks_of(run, step), step.config, _judging(run) if judged else None, folder,
        seed=step.seed(run.recipe.seed), resume=resume, say=run.say,
        scorer=None if step.config.reward == "judge" else _scorer(run),
    )  # fmt: skip
    if rank() == 0:
        save_policy(policy, folder / "policy")
    log = read_log(folder)
    numbers = {"steps": len(log), **rise(log, "reward"), **rise(log, "passed")}
    cost = {} if before is None else _judged(run, before)
    return Outcome({**numbers, **cost}, {"policy": "policy"})


def rejection(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """Rejection sampling: the policy's own answers that passed, as rows for the next SFT."""
    from hwgen.training.rejection import reject

    before = _judging(run).counts()
    rows = reject(
        policy_of(run), tasks_of(run, step), step.config, _judging(run), folder,
        seed=step.seed(run.recipe.seed), resume=resume, say=run.say,
    )  # fmt: skip
    rows.save_to_disk(str(folder / "rows"))
    return Outcome({"rows": len(rows), **_judged(run, before)}, {"rows": "rows"})


def evaluate(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
    """Held-out tasks, asked in each of the recipe's ways: the same tasks after every stage, and
    the whole judge, whatever paid for the training.
    """
    from hwgen.training.evaluate.tasks import evaluate_tasks

    config = step.config
    asked = {split: _ids(run, split, count, config.seed) for split, count in config.specs.items()}
    policy, numbers = policy_of(run), {}
    for name, draw in config.draws.items():
        report = evaluate_tasks(
            policy, asked, samples=draw.samples, temperature=draw.temperature,
            seed=step.seed(run.recipe.seed), judging=_judging(run, "prove"),
            folder=folder / name, resume=resume, say=run.say,
        )  # fmt: skip
        numbers |= {f"{name}/{split}": report.rate(split) for split in asked}
    return Outcome(numbers, {"evaluation": ""})


STAGES: Mapping[str, Stage] = {
    "data": data,
    "start": start,
    "sft": sft,
    "tbr": tbr,
    "reward_model": reward_model,
    "rl": rl,
    "rejection": rejection,
    "evaluate": evaluate,
}
"""The function of each kind of stage."""


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The lines of a stage's log.jsonl, one a step; empty if it has none."""
    path = folder / "log.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rise(log: list[dict[str, Any]], key: str) -> dict[str, float]:
    """Mean of a value over the first and over the last fifth of a log (at least one step)."""
    values = [line[key] for line in log if isinstance(line.get(key), int | float)]
    if not values:
        return {}
    fifth = max(1, len(values) // 5)
    first, last = values[:fifth], values[-fifth:]
    return {f"{key}_first": sum(first) / fifth, f"{key}_last": sum(last) / fifth}


def _last(log: list[dict[str, Any]], key: str) -> dict[str, float]:
    found = [line[key] for line in log if key in line]
    return {key: found[-1]} if found else {}


def _rows(run: Run) -> Any:
    """The rows of the data set, of the recipe's families."""
    from hwgen.training.data.folder import load_rows

    place = run.data or run.state.newest("set")
    assert place is not None, "stage data comes first"
    rows = load_rows(place)
    if not run.recipe.families or run.data is None:
        return rows
    wanted = set(run.recipe.families)
    kept = [n for n, family in enumerate(rows["family"]) if family in wanted]
    return rows.select(kept)


def _kept_and_replayed(run: Run, step: Step) -> list[Mapping[str, Any]]:
    """What rejection sampling kept, and rows of the set so that nothing is forgotten."""
    import random

    from datasets import load_from_disk

    place = run.state.newest("rows")
    assert place is not None, "the recipe was checked"
    kept = list(load_from_disk(str(place)))
    rows = _rows(run)
    if not kept:
        run.say("rejection sampling kept nothing: this round's SFT sees the data set alone")
    count = min(len(rows), round(step.config.replay * len(kept)) if kept else len(rows))
    drawn = random.Random(step.seed(run.recipe.seed)).sample(range(len(rows)), count)
    return [*kept, *(rows[n] for n in sorted(drawn))]


def tasks_of(run: Run, step: Step) -> list[str]:
    """Ids of the tasks that a stage trains on."""
    seed = step.seed(run.recipe.seed)
    return [
        name for split, count in step.config.specs.items() for name in _ids(run, split, count, seed)
    ]


def _ids(run: Run, split: Any, count: int, seed: int) -> list[str]:
    from hwgen.training.data.splits import ids

    return ids(split, count, seed, run.recipe.families)


def policy_of(run: Run) -> Policy:
    """The newest policy, always as it lies on the disk: a resumed run starts from the same bits."""
    from hwgen.training.policy import Lora, load_policy

    model = run.recipe.model
    found = run.state.newest("policy")
    if found is not None:
        return load_policy(found, say=lambda text: None)
    lora = None
    if model.lora is not None:
        lora = Lora(
            **model.lora.model_dump(), seed=Step("start", "start", 0, 0).seed(run.recipe.seed)
        )
    return load_policy(model.path, lora=lora, say=run.say)


def _judging(run: Run, until: str = "") -> Judging:
    """The run's judge, or one that goes to the stage `until`."""
    from hwgen.training.judged import Judging

    last: Any = until or run.recipe.judging.until
    jobs, seed = run.recipe.judging.jobs or None, run.recipe.seed
    kept: Judging = run.shared(f"judging {last}", lambda: Judging(seed, until=last, jobs=jobs))
    return kept


def _judged(run: Run, before: Any) -> dict[str, float]:
    """What judging cost in a stage."""
    cost = _judging(run).counts() - before
    return {
        "candidates": cost.candidates,
        "judged": cost.judged,
        "waited_s": round(cost.waited_s, 1),
    }


def _scorer(run: Run) -> Scorer | None:
    from hwgen.training.reward_model import load_scorer

    place = run.state.newest("scorer")
    return None if place is None else load_scorer(place)
