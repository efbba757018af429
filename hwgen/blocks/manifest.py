"""Rows of the manifest's `blocks`: every leaf block, who wrote it, and why nobody else did."""

from __future__ import annotations

from hwgen.blocks.judging import Attempt, Tries
from hwgen.blocks.text import Written, same_text
from hwgen.emit.bundle import Bundle
from hwgen.tasks.leaves import Leaf


def row(
    leaf: Leaf, bundle: Bundle, tries: Tries | None = None, best: Attempt | None = None,
    part: Written | None = None, reason: str = "",
) -> dict[str, object]:  # fmt: skip
    """One leaf block: `name`, `parameters`, `instances` (how many), `task`; `source` (model,
    template or rtl), `eligible`, `reason` (why it is not eligible, or why no candidate is in it),
    `module` (the one inside), `file`; `tries` (candidates), `assurance` and `cells` of the one
    inside, `replaced_cells`; `verbatim`: it is the text of the block that it replaces,
    `as_reference`: it is the text of its task's reference.
    """
    own = next(m for m in bundle.modules if m.name == leaf.module)
    verdict = best.verdict if best else None
    text = best.text if best else ""
    reference = tries.task.reference if tries else None
    return {
        "name": leaf.module,
        "parameters": dict(leaf.parameters),
        "instances": len(leaf.instances),
        "task": leaf.task,
        "source": "model" if part else own.source.partition("/")[0].removesuffix("s"),
        "eligible": leaf.eligible,
        "reason": reason or leaf.reason,
        "module": part.name if part else leaf.module,
        "file": own.path,
        "tries": len(tries.attempts) if tries else 0,
        "assurance": verdict.as_dict()["assurance"] if verdict else "",
        "cells": verdict.cells if verdict else None,
        "replaced_cells": tries.cells if tries else None,
        "verbatim": bool(text) and same_text(text, own.text),
        "as_reference": bool(text) and same_text(text, reference or ""),
    }
