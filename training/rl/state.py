"""Checkpoints of a run from which it goes on as if it had never stopped.

Beside what transformers saves (weights, optimiser, schedule, random states): the number of
micro-steps, answers that are not used up, the unfinished line of the log, and the counts behind
the start check. Every process writes its own; the folder appears in one step when all are done.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from accelerate.utils import broadcast_object_list

from hwgen.training import checkpoint

if TYPE_CHECKING:
    from hwgen.training.rl.trainer import ReinforceTrainer


def save(trainer: ReinforceTrainer, write: Callable[[], None]) -> None:
    """Save a checkpoint now; `write()` is that of transformers, into `trainer.args.output_dir`.

    With several processes all of them call this; those on other machines need the folder, too.
    """
    run, accelerator = trainer.run, trainer.accelerator
    step = int(trainer.state.global_step)

    def fill(folder: Path) -> None:
        kept, trainer.args.output_dir = trainer.args.output_dir, str(folder)
        try:
            write()
        finally:
            trainer.args.output_dir = kept
        torch.save(_state(trainer), _file(folder / f"checkpoint-{step}", trainer))
        accelerator.wait_for_everyone()

    def lead(folder: Path) -> None:
        broadcast_object_list([str(folder)])
        fill(folder)

    if accelerator.is_main_process:
        checkpoint.save(run.checkpoints, step, lead, run.meta, keep=run.config.keep)
    else:
        fill(Path(broadcast_object_list([None])[0]))
    accelerator.wait_for_everyone()


def load(trainer: ReinforceTrainer, folder: Path) -> None:
    """Take over what `save` wrote into `folder`."""
    said = torch.load(_file(folder, trainer), weights_only=True, map_location=trainer.args.device)
    trainer._step = said["micro_step"]
    trainer._buffered_inputs = said["answers"]
    trainer.start.judged, trainer.start.passed = said["start"]
    trainer.run.journal.line = said["line"]
    if said["threads"] != torch.get_num_threads():
        trainer.run.say(
            f"warning: this run had {said['threads']} threads and goes on with "
            f"{torch.get_num_threads()}: its numbers may differ in their last digits"
        )


def found(folder: Path, meta: dict[str, Any]) -> tuple[Path, int] | None:
    """The newest complete checkpoint below `folder` as transformers reads it, and its update.
    Raises UsageError if it is of another run.
    """
    newest = checkpoint.latest(folder, meta)
    if newest is None:
        return None
    step = checkpoint.step_of(newest)
    return newest / f"checkpoint-{step}", step


def _file(folder: Path, trainer: ReinforceTrainer) -> Path:
    return folder / f"run-{trainer.accelerator.process_index}.pt"


def _state(trainer: ReinforceTrainer) -> dict[str, Any]:
    every = trainer.args.steps_per_generation * trainer.run.config.num_iterations
    used_up = trainer._step % every == 0
    return {
        "micro_step": trainer._step,
        "answers": None if used_up else trainer._buffered_inputs,
        "start": (trainer.start.judged, trainer.start.passed),
        "line": trainer.run.journal.line,
        "threads": torch.get_num_threads(),
    }
