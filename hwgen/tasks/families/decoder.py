"""Binary to one-hot decoders."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.rows import Function, Row, crossed
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence


def decode(inputs: Row, count: int, low: bool) -> dict[str, int]:
    """All outputs quiet but the one with the number sel, if it is enabled and there is one."""
    enabled = inputs.get("en", 1) == 1 and inputs.get("en_n", 0) == 0
    quiet = 2**count - 1 if low else 0
    if not enabled or inputs["sel"] >= count:
        return {"y": quiet}
    place = 2 ** inputs["sel"]
    return {"y": quiet - place if low else place}


def make(choice: Choice) -> Blueprint:
    count, low, enable = choice["outputs"], choice["level"] == "low", choice["enable"]
    width = (count - 1).bit_length()
    pin = {"none": "", "high": "en", "low": "en_n"}[enable]
    ports = [
        Port(name="sel", dir="in", width=width),
        *([Port(name=pin, dir="in")] if pin else []),
        Port(name="y", dir="out", width=count),
    ]
    on, off = ("0", "1") if low else ("1", "0")
    with_pin = f" and active-{enable} enable {pin}" if pin else ""
    idle = f" While {pin} is {0 if enable == 'high' else 1} all bits of y are {off}." if pin else ""
    past = f" For sel above {count - 1} all bits of y are {off}." if count < 1 << width else ""
    axes = [("sel", range(1 << width)), *([(pin, (0, 1))] if pin else [])]
    return Blueprint(
        ports=ports,
        golden=lambda: Function(lambda inputs: decode(inputs, count, low)),
        phrasings=(
            f"Combinational {width}-to-{count} decoder with input sel{with_pin}. Output y has"
            f" {count} bits, active {choice['level']}: bit number sel of y is {on}, all others are"
            f" {off}.{past}{idle}",
            f"Turn the binary number sel ({width} bits) into a one-{'cold' if low else 'hot'} word"
            f" y of {count} bits. The bit of y with index sel is {on} and the rest {off}."
            f"{past}{idle} No clock.",
            f"{sentence(bits(width))} select sel{with_pin} picks one of the {count} output lines"
            f" y[{count - 1}:0]; the picked line is driven {on}, the other lines {off}, without"
            f" registers.{past}{idle}",
        ),
        view={"regs": [], "count": count, "low": low,
              "gate": {"none": "", "high": "en", "low": "!en_n"}[enable]},
        stimulus=lambda rng: [crossed(axes)],
    )  # fmt: skip


FAMILY = Family(
    name="decoder",
    kind="comb",
    summary="binary to one-hot decoders",
    parameters={"outputs": (8, *range(2, 8), *range(9, 65))},
    options={"enable": ("none", "high", "low"), "level": ("high", "low")},
    make=make,
    template="decoder.v.j2",
)
