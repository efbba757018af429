"""Building a data set: draw, judge, compare, label, mutate, write; counts after each step.

The same configuration, the same files, the same judge: the same bytes.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hwgen.errors import Problem, UsageError
from hwgen.tasks.library import get_task
from hwgen.training.data.ahead import Ahead
from hwgen.training.data.compiled import Compiled, benched, compiled
from hwgen.training.data.complexity import LABELS, Labeller
from hwgen.training.data.config import SAMPLED, DataConfig
from hwgen.training.data.judged import DataJudge, repairs, sampled, wrong_twins
from hwgen.training.data.leaks import Guard, Secret, leaks, suite_secrets
from hwgen.training.data.local import Files, read_files
from hwgen.training.data.rows import LOCAL, Row, family_rows
from hwgen.training.data.similar import near_duplicates
from hwgen.training.data.splits import SPLITS, Split, all_families, family_called, ids
from hwgen.training.data.steps import Steps
from hwgen.training.data.write import check_place, write_set

__all__ = ["DataConfig", "build"]

NAMED = 5  # leaks and failures that are named
BENCHES = 100  # rows of files whose benches are measured


def build(
    config: DataConfig,
    folder: Path,
    *,
    families: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Build the data set of `config` into `folder` and return its report.

    `families` restricts the families (empty: all). Raises UsageError for bad rows (named), and for
    leaks unless they are dropped; ToolMissing without a jail.
    """
    began = time.monotonic()
    names = tuple(dict.fromkeys(families)) or tuple(all_families())
    for name in names:
        family_called(name)
    check_place(folder)
    files = read_files(config.local)
    secrets = [secret for place in config.leak_check for secret in suite_secrets(place)]
    steps, labeller = Steps(say), Labeller()
    held = {s: ids(s, config.held_out, config.seed, names) for s in SPLITS if s not in _OPEN}

    rows = _drawn(config, names, steps)
    texts = ((row.completion, get_task(row.id).spec.module) for row in rows)
    with DataJudge(config.seed, config.jobs, say) as judge, Ahead(texts) as ahead:
        rows = _judged(config, rows, judge, steps)
        rows += _from_files(config, files, labeller, steps, len(rows))
        rows = _unleaked(config, rows, held, secrets, steps)
        rows = _mutated(config, rows, judge, steps)
        labeller.learn(ahead.features())
    rows = [_labelled(row, labeller) for row in rows]
    shapes, flows = labeller.analysed
    rows = steps.note("labelled", rows, f"{shapes} shapes analysed, {flows} with dataflow")
    report = _report(config, rows, held, files, steps)
    write_set(folder, rows, held, files.problems, report)
    say(f"{folder}: {len(rows)} rows in {time.monotonic() - began:.1f} s")
    return report


_OPEN: tuple[Split, ...] = ("train", "out")


def _drawn(config: DataConfig, names: Sequence[str], steps: Steps) -> list[Row]:
    """Specs of the training split, each once, with the share of wrong twins that is asked for."""
    wanted = config.rows - round(config.repair * config.rows)
    rows = list(family_rows(ids("train", wanted, config.seed, names)))
    if not rows:
        raise UsageError(
            Problem(
                f"{', '.join(names)}: no spec of these families is for training",
                "blocks without parameters are held out whole",
                "take more families",
            )
        )
    said = f"{len(names)} families" + (f", {wanted} were asked for" if len(rows) < wanted else "")
    steps.note("drawn from the families", rows, said)
    unique = list({(row.prompt, row.completion): row for row in reversed(rows)}.values())[::-1]
    rows = steps.note("repeated texts out", unique)
    if config.noise:
        noisy = wrong_twins(rows, config.noise, config.seed)
        swapped = sum(a.completion != b.completion for a, b in zip(rows, noisy, strict=True))
        rows = steps.note("wrong twins swapped in", noisy, f"{swapped} references are now mutants")
    return rows


def _judged(config: DataConfig, rows: list[Row], judge: DataJudge, steps: Steps) -> list[Row]:
    """What the judge passes, of all rows or of some of each family."""
    asked = range(len(rows))
    if config.judge == "sampled":
        asked = sampled(rows, SAMPLED, config.seed)
    verdicts = judge.verdicts(
        "references judged", [(rows[n].id, rows[n].completion) for n in asked]
    )
    failed = {n: v for n, v in zip(asked, verdicts, strict=True) if not v.passed}
    causes = Counter(v.cause for v in failed.values())
    said = ", ".join(f"{cause} {count}" for cause, count in sorted(causes.items()))
    kept = [row for number, row in enumerate(rows) if number not in failed]
    passed = len(verdicts) - len(failed)
    steps.judged = (
        f"references: {len(verdicts)} of {len(rows)} simulated by the judge ({config.judge}),"
        f" {passed} passed; the others come from the same templates, which the test suite judges at"
        " other parameters"
    )
    if config.noise and config.judge == "sampled":
        steps.judged += ", and wrong twins among them stay: judge all of them to take them out"
    return steps.note("judged", kept, said)


def _from_files(
    config: DataConfig, files: Files, labeller: Labeller, steps: Steps, before: int
) -> list[Row]:
    """Rows of files: near-duplicates out, what does not compile out, labels, benches measured."""
    if not config.local:
        return []
    steps.step("read from files", before + len(files.rows), 0,
               f"{len(files.problems)} problems without code apart")  # fmt: skip
    twins = near_duplicates([row.code for row in files.rows], config.jaccard)
    left = [row for number, row in enumerate(files.rows) if number not in twins]
    steps.step("near-duplicates out", before + len(left), len(twins), f"Jaccard {config.jaccard}")
    done = compiled(left, config.jobs or os.cpu_count() or 1, steps.say)
    good = [one for _, one in done if isinstance(one, Compiled)]
    reasons = Counter(one for _, one in done if isinstance(one, str))
    said = ", ".join(f"{why}: {count}" for why, count in sorted(reasons.items()))
    steps.step("compiled and screened in the jail", before + len(good), len(left) - len(good), said)
    measured = benched(
        [(g, g.row.testbench) for g in good if g.row.testbench], config.seed, BENCHES
    )
    return [
        one.row.with_(
            complexity=labeller(one.text, one.module),
            **dict(zip(("bench_killed", "bench_total"), measured.get(one.row.id, (-1, -1)),
                       strict=True)),
        )
        for one in good
    ]  # fmt: skip


def _unleaked(
    config: DataConfig,
    rows: list[Row],
    held: dict[Split, list[str]],
    secrets: list[Secret],
    steps: Steps,
) -> list[Row]:
    """Rows that hold nothing of what is measured on. A row of a family that says the same as a
    held-out spec is left out; any other leak ends the build, unless leaks are dropped.
    """
    own = Guard(_held_out_secret(task_id) for some in held.values() for task_id in some)
    found = leaks(rows, own, Guard(secrets))
    names = {secret.name for secret in secrets}
    local = {row.id for row in rows if row.family == LOCAL}
    grave = [leak for leak in found if leak.secret in names or leak.row in local]
    if grave and not config.drop_leaks:
        more = [Problem(f"and {len(grave) - NAMED} more rows")] if len(grave) > NAMED else []
        fix = "take the row out of its file, or leave such rows out: --drop-leaks"
        rule = "a model is measured on these: a set that holds them proves nothing"
        raise UsageError(*(Problem(str(leak), rule, fix) for leak in grave[:NAMED]), *more)
    bad = {leak.row for leak in found}
    checked = f"compared with {len(own.secrets)} held-out specs"
    checked += f" and {len(secrets)} problems of benchmarks" if secrets else ""
    if grave:
        checked += "; left out: " + ", ".join(map(str, grave[:NAMED]))
    return steps.note("leaks out", [row for row in rows if row.id not in bad], checked)


def _held_out_secret(task_id: str) -> Secret:
    task = get_task(task_id)
    return Secret(task_id, task.spec.prompt, task.reference or "")


def _labelled(row: Row, labeller: Labeller) -> Row:
    if row.complexity:
        return row
    module = get_task(row.id.partition("#")[0]).spec.module
    return row.with_(complexity=labeller(row.completion, module))


def _mutated(config: DataConfig, rows: list[Row], judge: DataJudge, steps: Steps) -> list[Row]:
    """Benches measured by mutants, and repair rows made of the mutants that were found."""
    own = [row for row in rows if row.family != LOCAL]
    wanted = round(config.repair / (1 - config.repair) * len(own)) if config.repair else 0
    measured, made = repairs(own, wanted, config.seed, judge)
    local = [row for row in rows if row.family == LOCAL]
    benches = [row for row in measured if row.bench_total >= 0]
    killed, total = (sum(getattr(r, f"bench_{n}") for r in benches) for n in ("killed", "total"))
    steps.benches = (
        f"benches: {len(benches)} measured, {killed} of {total} mutants found"
        " (one that behaves as the reference counts as not found)"
    )
    return steps.note("repair rows made", measured + made + local, f"{len(made)} of {wanted}")


def _report(
    config: DataConfig,
    rows: list[Row],
    held: dict[Split, list[str]],
    files: Files,
    steps: Steps,
) -> dict[str, Any]:
    """Everything that is counted; no times and no paths, so that it repeats."""
    kinds, labels = Counter(row.kind for row in rows), Counter(row.complexity for row in rows)
    settings = config.model_dump(mode="json", exclude={"jobs", "local", "leak_check"})
    settings["local"] = [path.name for path in config.local]
    settings["leak_check"] = [path.name for path in config.leak_check]
    families = Counter(row.family for row in rows)
    return {
        "schema": 1,
        "settings": settings,
        "rows": {
            "all": len(rows),
            "write": kinds["write"],
            "repair": kinds["repair"],
            "local": families[LOCAL],
            "problems": len(files.problems),
        },
        "specs": len({row.digest for row in rows}),
        "steps": steps.list,
        "judged": [steps.judged, steps.benches],
        "held_out": {split: len(some) for split, some in held.items()},
        "complexity": {label: labels[label] for label in LABELS},
        "families": dict(sorted(families.items())),
    }
