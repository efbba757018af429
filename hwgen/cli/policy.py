"""The policy that a user means by --model."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hwgen.cli.app import say
from hwgen.errors import Problem, ToolMissing, UsageError

NEEDED = ("torch", "transformers", "tokenizers", "peft")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def check_model(model: str) -> None:
    """Whether `model` can be a policy, and its libraries are there; nothing is loaded yet.

    Raises UsageError for what is neither a folder nor a name, ToolMissing without the libraries.
    """
    path = Path(model)
    if not path.is_dir() and (path.exists() or not _NAME.fullmatch(model)):
        raise UsageError(
            Problem(
                f"{model} is no folder" if path.exists() else f"there is no folder {model}",
                "a model is a folder with config, weights and tokenizer, or a name: org/name",
                "give the folder that hwgen train or save_pretrained wrote",
            )
        )
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise ToolMissing(
            Problem(
                f"a model needs {', '.join(missing)}, which {verb} not installed",
                fix="pip install 'hwgen[train]'",
            )
        )


def open_policy(model: str) -> Any:
    """The policy in the folder `model`, or of that name; how large it is goes to stderr first.

    Raises as `check_model`, and UsageError for what is there but no causal language model.
    """
    check_model(model)
    from hwgen.training.policy import load_policy

    return load_policy(model, say=say)
