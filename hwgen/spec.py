"""What a user asks for: the base of every architecture's specification, and interfaces.

A specification is a frozen pydantic model of whole numbers and names. Everything that follows
from them is derived, never asked. `ArchSpec.from_data` reports every problem at once.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from hwgen.errors import Problem, UsageError


@dataclass(frozen=True)
class Port:
    """One port of a top module. `role` groups ports of one bus; `width` is in bits."""

    name: str
    direction: Literal["input", "output"]
    width: int
    role: str
    doc: str = ""


@dataclass(frozen=True)
class Interface:
    """Ports of a module in order: the source of its port list, its bench and its manifest."""

    module: str
    ports: tuple[Port, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"module": self.module, "ports": [asdict(port) for port in self.ports]}


@dataclass(frozen=True)
class Rule:
    """A rule over several fields (dotted names); `holds` and `fix` take their values in order."""

    fields: tuple[str, ...]
    holds: Callable[..., bool]
    rule: str
    fix: Callable[..., str]


class Group(BaseModel):
    """Base of specifications and of the groups in them. `OWNER` names it in messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    OWNER: ClassVar[str] = "the design"

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_type(cls, value: Any, info: ValidationInfo) -> Any:
        """Python calls True equal to 1 and 64.0 to 64; a configuration does not."""
        field = cls.model_fields[info.field_name or ""]
        if get_origin(field.annotation) is Literal:
            types = {type(legal) for legal in get_args(field.annotation)}
            if type(value) not in types:
                raise ValueError("wrong type")
        return value


class ArchSpec(Group):
    """Base of an architecture's specification.

    Subclasses declare `arch` as a one-value Literal, `PRESETS` (complete or partial data by
    name) and `RULES`. `from_data` is the only door: it returns a legal value or raises UsageError
    with every problem.
    """

    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    RULES: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Validate nested data; absent keys take their defaults. Raises UsageError."""
        problems = cls.problems(data)
        if problems:
            raise UsageError(*problems)
        return cls.model_validate(data)

    @classmethod
    def problems(cls, data: Mapping[str, Any], rules: bool = True) -> list[Problem]:
        """Everything that is wrong with `data`: each field, then each rule over legal fields."""
        arch = cls.model_fields["arch"].default
        found, bad = [], set()
        try:
            cls.model_validate(data)
        except ValidationError as error:
            found = [_problem(cls, arch, dict(e)) for e in error.errors()]
            bad = {".".join(map(str, e["loc"])) for e in error.errors()}
        for rule in cls.RULES if rules else ():
            if any(name == b or name.startswith(f"{b}.") for name in rule.fields for b in bad):
                continue
            values = [_value(cls, data, name) for name in rule.fields]
            if not rule.holds(*values):
                shown = ", ".join(f"{n} = {v}" for n, v in zip(rule.fields, values, strict=True))
                verb = "is not usable" if len(values) == 1 else "do not fit together"
                found.append(Problem(f"{arch}: {shown} {verb}", rule.rule, rule.fix(*values)))
        return found

    @classmethod
    def preset(cls, name: str) -> Self:
        """The preset called `name`. Raises UsageError if there is none."""
        return cls.from_data(cls.preset_data(name))

    @classmethod
    def preset_data(cls, name: str) -> dict[str, Any]:
        """Nested data of a preset, to be overlaid. Raises UsageError if there is none."""
        if name not in cls.PRESETS:
            arch = cls.model_fields["arch"].default
            known = ", ".join(cls.PRESETS)
            raise UsageError(
                Problem(
                    f"{arch}: there is no preset '{name}'", f"known: {known}", "see: hwgen list"
                )
            )
        return overlay({}, cls.PRESETS[name])

    def over_budget(self) -> list[Problem]:
        """One problem per resource of the part that the design exceeds, by estimate."""
        return []

    def canonical(self) -> str:
        """One line of JSON with sorted keys: equal specifications, equal text."""
        return json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """sha256 of `canonical()`, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()


def overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy of nested `base` with the values of `top` in place of its own."""
    merged = {k: overlay(v, {}) if isinstance(v, Mapping) else v for k, v in base.items()}
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = overlay(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def _field(cls: type[BaseModel], name: str) -> tuple[type[BaseModel], FieldInfo | None]:
    """Group and field that a dotted name means; the field is None where there is no such name."""
    *groups, last = name.split(".")
    for group in groups:
        field = cls.model_fields.get(group)
        below = field.annotation if field else None
        if not (isinstance(below, type) and issubclass(below, BaseModel)):
            return cls, None
        cls = below
    return cls, cls.model_fields.get(last)


def _value(cls: type[BaseModel], data: Mapping[str, Any], name: str) -> Any:
    group, _, rest = name.partition(".")
    field = cls.model_fields[group]
    if not rest:
        return data.get(group, field.default)
    assert isinstance(field.annotation, type)
    return _value(field.annotation, data.get(group, {}), rest)


def _domain(field: FieldInfo) -> list[Any]:
    """Every legal value of a field: the names of a Literal, or lo, lo + step .. hi."""
    if get_origin(field.annotation) is Literal:
        return list(get_args(field.annotation))
    bound = {
        key: getattr(m, key)
        for m in field.metadata
        for key in ("ge", "le", "multiple_of")
        if hasattr(m, key)
    }
    return list(range(bound["ge"], bound["le"] + 1, bound.get("multiple_of", 1)))


def _problem(cls: type[BaseModel], arch: str, error: dict[str, Any]) -> Problem:
    """One pydantic error in our words."""
    name = ".".join(map(str, error["loc"]))
    group, field = _field(cls, name)
    given = str(error["input"])
    given = given if len(given) <= 40 else given[:37] + "..."
    if field is None:
        return _unknown(group, arch, name)
    where = f"{arch}: {name} = {given} is not usable"
    below = field.annotation
    if isinstance(below, type) and issubclass(below, BaseModel):
        keys = list(below.model_fields)
        return Problem(where, f"{name} is a group of {', '.join(keys)}", f"set {name}.{keys[0]}")
    legal = _domain(field)
    owner = group.OWNER if issubclass(group, Group) else ""
    rule = f"{owner}'s {name.rpartition('.')[2]} must be {_span(legal)}"
    near = _near(legal, error["input"])
    return Problem(where, rule, f"set {name} = {' or '.join(map(str, near))}")


def _unknown(group: type[BaseModel], arch: str, name: str) -> Problem:
    prefix, _, last = name.rpartition(".")
    keys = list(group.model_fields)
    close = difflib.get_close_matches(last, keys, 1)
    rule = f"{prefix or arch} has {', '.join(keys)}"
    better = f"{prefix}.{close[0]}" if prefix and close else close[0] if close else ""
    fix = f"did you mean {better}?" if better else "remove it"
    return Problem(f"{arch}: {name} is unknown", rule, fix)


def _span(legal: list[Any]) -> str:
    if len(legal) == 1:
        return str(legal[0])
    if len(legal) <= 8:
        return f"one of {', '.join(map(str, legal))}"
    step = legal[1] - legal[0]
    kind = {1: "a whole number", 2: "an even number"}.get(step, f"a multiple of {step}")
    return f"{kind} from {legal[0]} to {legal[-1]}"


def _near(legal: list[Any], given: Any) -> list[Any]:
    """The legal values around `given`, or the closest name, or all of a few names."""
    if all(isinstance(v, int) for v in legal):
        if isinstance(given, bool) or not isinstance(given, int | float):
            return legal[:1]
        below = [v for v in legal if v < given][-1:]
        return below + [v for v in legal if v > given][:1]
    return difflib.get_close_matches(str(given), legal, 1) or legal
