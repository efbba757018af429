"""Configuration files: YAML in, the resolved YAML and its JSON Schema out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from hwgen import __version__
from hwgen.errors import Problem, UsageError
from hwgen.spec import ArchSpec, overlay


class _Loader(yaml.SafeLoader):
    """Safe YAML in which a key may stand once only."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.MarkedYAMLError(None, None, f"key {key!r} is no name", key_node.start_mark)
        if key in seen:
            raise yaml.MarkedYAMLError(None, None, f"key '{key}' twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_config(path: Path) -> dict[str, Any]:
    """Nested data of a YAML file. Raises UsageError with place and reason."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise UsageError(
            Problem(f"{path} cannot be read: {error.strerror}", fix="check the path after --config")
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        reason = getattr(error, "problem", None) or "it is not text"
        raise UsageError(Problem(f"{place} is not usable YAML: {reason}")) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UsageError(
            Problem(f"{path} holds no settings", "a configuration is a mapping of names to values")
        )
    return data


def read_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Nested data of `group.key=value` arguments; the last one counts. Raises UsageError."""
    data: dict[str, Any] = {}
    problems = []
    for setting in settings:
        name, sign, text = setting.partition("=")
        keys = name.split(".")
        try:
            value = yaml.load(text, _Loader)
        except yaml.YAMLError:
            sign = ""
        if not sign or not text or not all(keys):
            problems.append(
                Problem(
                    f"--set {setting} is not usable",
                    "a setting is group.key=value",
                    "write it like: --set lut_core.dk=128",
                )
            )
            continue
        for key in reversed(keys):
            value = {key: value}
        data = overlay(data, value)
    if problems:
        raise UsageError(*problems)
    return data


def config_yaml(spec: ArchSpec) -> str:
    """The specification with every value written out; `--config` reads it back."""
    head = f"# Resolved by hwgen {__version__}; specification {spec.digest()[:16]}.\n"
    head += "# yaml-language-server: $schema=config.schema.json\n"
    return head + yaml.safe_dump(spec.model_dump(), sort_keys=False)


def config_schema(spec: ArchSpec) -> str:
    """JSON Schema of the configuration file, for editors."""
    return json.dumps(type(spec).model_json_schema(), indent=2) + "\n"
