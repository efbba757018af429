"""Register slices: beats leave as they came, at least one cycle later."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS


class Same:
    """Every beat leaves as it came."""

    def reset(self) -> None:
        return None

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        return {"m": [{name.replace("s_", "m_", 1): v for name, v in inputs["s"].items()}]}


def make(choice: Choice) -> Blueprint:
    width, user = choice["width"], choice["user"]
    fields = {"data": width}
    if choice["last"]:
        fields["last"] = 1
    if user:
        fields["user"] = user
    total = sum(fields.values())
    into, out_of = (", ".join(f"{side}_{name}" for name in fields) for side in "sm")
    sizes = " and ".join(f"{name} of {size} bit{'s' * (size > 1)}" for name, size in fields.items())
    said = f"({into}) to ({out_of}), with {sizes}"
    return streaming(
        choice,
        links=[Link("s", "in", fields), Link("m", "out", fields)],
        golden=Same,
        says=(
            f"A register slice that copies stream s to stream m: payload {said}. A beat never"
            " leaves in the cycle in which it arrives. There is no combinational path from m_ready"
            " to s_ready; it takes and gives a beat in each cycle when nobody stalls (two entries"
            " are needed).",
            f"Skid buffer for a valid/ready stream: {said}. Each beat taken on s is given on m"
            " unchanged, one cycle later or later still, never at once. s_ready is a function of"
            " registers only, and a beat per cycle goes through.",
            f"Cut the timing paths of a stream with two registers per payload bit: {said}, values"
            " unchanged. Full throughput; s_ready and the m outputs come from registers, so that a"
            " beat needs at least one cycle.",
        ),
        registers={
            "word": (total, None),
            "spare": (total, None),
            "m_valid": (1, 0),
            "spare_valid": (1, 0),
        },
        view={"into": into, "out_of": out_of},
        least=1,
    )


FAMILY = Family(
    name="stream_register",
    kind="stream",
    summary="a full-throughput register slice (skid buffer)",
    parameters={"width": (8, *range(1, 8), *range(9, 65)), "user": (0, 1, 2, 3, 4, 8)},
    options={"last": (0, 1), "reset": RESETS},
    make=make,
    template="stream_register.v.j2",
)
