"""hwgen eval: a model, or solutions, on built-in tasks or on a public benchmark."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from hwgen.cli.app import say
from hwgen.cli.policy import check_model, open_policy
from hwgen.errors import EXIT_OURS, Problem, UsageError

STEP = 20  # problems between two lines of progress where no terminal shows a bar
SPLITS = "S,P-test,C-test,C-new"  # what no training sees
COUNT = 75  # tasks of each split: 300 together
SAMPLED = 0.8  # temperature of several samples
TOP_P = 0.95


class Suite(StrEnum):
    """What to evaluate on."""

    TASKS = "tasks"
    VERILOG_EVAL = "verilog-eval"
    RTLLM = "rtllm"


def evaluate(
    suite: Annotated[Suite, typer.Argument(help="built-in tasks, or a benchmark")],
    suite_dir: Annotated[
        Path | None, typer.Option(help="folder of the benchmark's problems")
    ] = None,
    solutions: Annotated[
        str | None,
        typer.Option(
            help='"references", or a folder with <id>.sv or .v for one solution of a problem, '
            "<id>/*.sv or .v for several"
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="causal language model that answers: folder or name")
    ] = None,
    samples: Annotated[int | None, typer.Option(help="answers to each problem (1)")] = None,
    temperature: Annotated[
        float | None, typer.Option(help=f"0 is greedy (one sample: 0, several: {SAMPLED})")
    ] = None,
    top_p: Annotated[float | None, typer.Option(help=f"nucleus of sampling ({TOP_P})")] = None,
    seed: Annotated[int | None, typer.Option(help="of tasks, samples and stimulus (0)")] = None,
    split: Annotated[str | None, typer.Option(help=f"splits of tasks ({SPLITS})")] = None,
    count: Annotated[int | None, typer.Option(help=f"tasks of each split ({COUNT})")] = None,
    family: Annotated[list[str] | None, typer.Option(help="only these task families")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="results folder")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with what is there")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="problems at once")] = os.cpu_count() or 1,
    unsafe_no_jail: Annotated[
        bool, typer.Option("--unsafe-no-jail", help="run solutions with your rights")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="data on stdout")] = False,
) -> int:
    """Evaluate a model on built-in tasks, or a model or solutions on VerilogEval v2 or RTLLM.

    The result is pass@k with 95 % intervals; with a model (or -o), -o DIR (default eval-SUITE)
    gets result.json, report.html and what --resume needs to ask and judge nothing twice.

    Layouts: VerilogEval's dataset_spec-to-rtl and dataset_code-complete-iccad2023 (a solution
    without a module is put behind the problem's interface), RTLLM v1.1 and v2. Every problem's
    own design is judged first. Problems without a solution count as failed.

    The corrected rule decides. A solution meets recorded inputs, never the bench. The upstream
    rule, the bench beside the solution, is reported too; solutions can forge it.

    Example: hwgen eval verilog-eval --suite-dir dataset_spec-to-rtl --solutions references
    """
    call = _Call(
        suite, suite_dir, solutions, model,
        {"samples": samples, "temperature": temperature, "top_p": top_p, "seed": seed},
        {"split": split, "count": count, "family": family or None},
        output, resume, jobs, unsafe_no_jail,
    )  # fmt: skip
    _check(call)
    asking = None if model is None else call.asking()
    if unsafe_no_jail:
        say("no jail: solutions run with your rights and see your files and your network")
    try:
        if suite is Suite.TASKS:
            result, text = _tasks(call, asking)
        else:
            result, text = _benchmark(call, asking)
    except KeyboardInterrupt:
        if call.folder:
            say(f"{call.folder} keeps what is done; --resume goes on with it")
        raise
    print(json.dumps(result, indent=2) if json_output else text)
    if call.folder and not json_output:
        say(f"{call.folder} holds result.json and report.html")
    return EXIT_OURS if result["lost"] else 0


@dataclass(frozen=True)
class _Call:
    """The command line as it was given; None is what it did not say."""

    suite: Suite
    suite_dir: Path | None
    solutions: str | None
    model: str | None
    drawing: Mapping[str, Any]
    choosing: Mapping[str, Any]
    output: Path | None
    resume: bool
    jobs: int
    unsafe: bool

    @property
    def folder(self) -> Path | None:
        """Where results go: a model's always somewhere."""
        return self.output or (Path(f"eval-{self.suite.value}") if self.model else None)

    @property
    def seed(self) -> int:
        return int(self.drawing["seed"] or 0)

    def asking(self) -> Any:
        """How samples are drawn. Raises UsageError, and ToolMissing where no model can be asked."""
        from hwgen.training.evaluate import Asking

        said = {name: value for name, value in self.drawing.items() if value is not None}
        several = said.get("samples", 1) > 1
        check_model(str(self.model))
        return Asking(**{"temperature": SAMPLED if several else 0.0, "top_p": TOP_P, **said})


def _check(call: _Call) -> None:
    """Options that need or exclude each other. Raises UsageError with every problem."""
    problems = []

    def wrong(what: str, rule: str = "", fix: str = "") -> None:
        problems.append(Problem(what, rule, fix))

    tasks = call.suite is Suite.TASKS
    if call.model is not None and call.solutions is not None:
        wrong("--model and --solutions are both given", "a model writes solutions of its own",
              "give one of them")  # fmt: skip
    elif call.model is None and (tasks or call.solutions is None):
        wrong(f"{call.suite.value}: nobody answers", fix="give --model, a folder or a name" + (
            "" if tasks else ", or --solutions"))  # fmt: skip
    if tasks and call.solutions is not None:
        wrong("--solutions is for benchmarks", "tasks are answered by a model",
              "judge Verilog for one task with: hwgen judge")  # fmt: skip
    if tasks and call.suite_dir is not None:
        wrong("--suite-dir is for benchmarks", "tasks are built in", "leave it out")
    if not tasks and call.suite_dir is None:
        wrong(f"{call.suite.value} needs --suite-dir", fix="give a checkout's folder")
    elif not tasks and call.suite_dir is not None and not call.suite_dir.is_dir():
        wrong(f"there is no folder {call.suite_dir}", fix="give a checkout's folder")
    if call.model is None:
        for name in (n for n, value in call.drawing.items() if value is not None):
            wrong(f"--{name.replace('_', '-')} is for --model", "solutions are there already")
    if not tasks:
        for name in (n for n, value in call.choosing.items() if value is not None):
            wrong(f"--{name} is for tasks", f"{call.suite.value} is evaluated whole")
    if call.resume and call.folder is None:
        wrong("--resume needs a folder", fix="give the results folder with -o")
    count = call.choosing["count"]
    if count is not None and count < 1:
        wrong(f"--count {count} is too small", "each split needs a task")
    if problems:
        raise UsageError(*problems)


def _tasks(call: _Call, asking: Any) -> tuple[dict[str, Any], str]:
    """A model on built-in tasks: the result, and its text."""
    from hwgen.training.evaluate import evaluate_tasks
    from hwgen.training.evaluate.draw import draw
    from hwgen.training.judged import Judging

    assert call.model is not None
    assert call.folder is not None
    splits = [name.strip() for name in (call.choosing["split"] or SPLITS).split(",")]
    count = call.choosing["count"] or COUNT
    chosen = draw(splits, count, call.seed, call.choosing["family"] or (), say)
    with Judging(call.seed, jobs=call.jobs, unsafe=call.unsafe) as judging:
        report = evaluate_tasks(
            open_policy(call.model), chosen, samples=asking.samples, temperature=asking.temperature,
            top_p=asking.top_p, seed=asking.seed, judging=judging, folder=call.folder,
            resume=call.resume, say=say,
        )  # fmt: skip
    return report.as_dict(), report.text()


def _benchmark(call: _Call, asking: Any) -> tuple[dict[str, Any], str]:
    """A model or solutions on a public benchmark: the result, and its text."""
    from hwgen.benchsuites import report, rtllm, verilog_eval
    from hwgen.benchsuites import solutions as found
    from hwgen.benchsuites.evaluate import evaluate as run
    from hwgen.benchsuites.upstream import Suite as Benchmark
    from hwgen.verify.jail.cells import find_jail
    from hwgen.verify.lanes.simulators import find_icarus

    assert call.suite_dir is not None
    verilog = call.suite is Suite.VERILOG_EVAL
    problems = (verilog_eval if verilog else rtllm).read(call.suite_dir)
    suite: Benchmark = "verilog-eval" if verilog else "rtllm"
    if call.folder is None:
        given = None
        if call.solutions != "references":
            given = found.read(Path(str(call.solutions)), problems)
        find_icarus()
        jail = find_jail(unsafe=call.unsafe)
        result = report.report(suite, *run(suite, problems, given, jail, call.jobs, _progress))
        return result, report.text(result)
    from hwgen.training.evaluate import suites

    find_icarus()
    place = suites.Place(suite, problems, find_jail(unsafe=call.unsafe), call.jobs, call.folder)
    if call.model is None:
        result = suites.evaluate_solutions(
            str(call.solutions), place, resume=call.resume, progress=_progress
        )
    else:
        result = suites.evaluate_policy(
            open_policy(call.model), asking, place, resume=call.resume, say=say, progress=_progress
        )
    said = [f"  note: {sentence}" for sentence in result["sentences"]]
    return result, "\n".join([report.text(result), *said])


def _progress(done: int, total: int, what: str) -> None:
    if sys.stderr.isatty():
        print(
            f"\r{done}/{total} {what[:60]:60}", end="\n" if done == total else "", file=sys.stderr
        )
    elif done % STEP == 0 or done == total:
        say(f"{done} of {total}")
