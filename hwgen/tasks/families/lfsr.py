"""Linear feedback shift registers of maximal period."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.resets import RESETS, clock_and_reset, reset_of, reset_view, reset_words
from hwgen.tasks.rows import Row, extremes
from hwgen.tasks.task import Port
from hwgen.tasks.words import bits, sentence

# Exponents of a primitive polynomial per width, its ends left out (x**width and 1).
# Xilinx XAPP 052, table 3 (P. Alfke, 1996); the periods are checked in the unit tests.
TAPS: dict[int, tuple[int, ...]] = {
    3: (2,), 4: (3,), 5: (3,), 6: (5,), 7: (6,), 8: (6, 5, 4), 9: (5,), 10: (7,), 11: (9,),
    12: (6, 4, 1), 13: (4, 3, 1), 14: (5, 3, 1), 15: (14,), 16: (15, 13, 4), 17: (14,), 18: (11,),
    19: (6, 2, 1), 20: (17,), 21: (19,), 22: (21,), 23: (18,), 24: (23, 22, 17), 25: (22,),
    26: (6, 2, 1), 27: (5, 2, 1), 28: (25,), 29: (27,), 30: (6, 4, 1), 31: (28,), 32: (22, 2, 1),
}  # fmt: skip


class Recurrence:
    """The Fibonacci form: a sequence of bits in which each is a sum of earlier ones.

    The register shows the latest bits, the newest at the end at which bits enter.
    """

    def __init__(self, width: int, choice: Choice) -> None:
        self.width, self.lags = width, (width, *TAPS[width])
        self.left, self.seed = choice["dir"] == "left", seed_of(choice)
        self.bits: list[int] = []

    def _set(self, word: int) -> dict[str, int]:
        text = f"{word:0{self.width}b}"
        self.bits = [int(digit) for digit in (text if self.left else text[::-1])]
        return self._show()

    def _show(self) -> dict[str, int]:
        text = "".join(str(b) for b in self.bits[-self.width :])
        return {"q": int(text if self.left else text[::-1], 2)}

    def reset(self) -> dict[str, int]:
        return self._set(self.seed)

    def step(self, inputs: Row) -> dict[str, int]:
        if inputs.get("load", 0):
            return self._set(inputs["d"])
        if inputs.get("en", 1):
            self.bits.append(sum(self.bits[-lag] for lag in self.lags) % 2)
        return self._show()


class Field(Recurrence):
    """The Galois form: an element of GF(2**width), multiplied or divided by x in each step."""

    def __init__(self, width: int, choice: Choice) -> None:
        super().__init__(width, choice)
        self.polynomial = 1 + 2**width + sum(2**tap for tap in TAPS[width])
        self.element = 0

    def _set(self, word: int) -> dict[str, int]:
        self.element = word
        return self._show()

    def _show(self) -> dict[str, int]:
        return {"q": self.element}

    def step(self, inputs: Row) -> dict[str, int]:
        if inputs.get("load", 0):
            return self._set(inputs["d"])
        if inputs.get("en", 1) and self.left:
            product = self.element * 2
            self.element = min(product, product ^ self.polynomial)
        elif inputs.get("en", 1):
            odd = self.element % 2
            self.element = (self.element ^ self.polynomial * odd) // 2
        return self._show()


def seed_of(choice: Choice) -> int:
    """The word after reset."""
    return 1 if choice["seed"] == "one" else (1 << choice["width"]) - 1


def make(choice: Choice) -> Blueprint:
    width, galois, left = choice["width"], choice["form"] == "galois", choice["dir"] == "left"
    enable, load, seed = choice["enable"] == 1, choice["load"] == 1, seed_of(choice)
    taps, reset, top = TAPS[width], reset_words(choice["reset"]), width - 1
    places = sorted((tap - 1 if left else width - tap for tap in (width, *taps)), reverse=True)
    listed = ", ".join(f"q[{place}]" for place in places)
    poly = " + ".join(["1", *(f"x^{tap}" for tap in sorted(taps)), f"x^{width}"]).replace(
        "^1 ", " "
    )
    mask = 1 | sum(1 << tap for tap in taps) if left else (
        1 << top | sum(1 << tap - 1 for tap in taps)
    )  # fmt: skip
    ends = (top, 0) if left else (0, top)
    way = "left (towards the higher index)" if left else "right (towards bit 0)"
    if galois:
        how = (
            f"q shifts {way} by one place with 0 entering at q[{ends[1]}], and if the bit that"
            f" left, q[{ends[0]}], was 1 the shifted word is XORed with the constant 0x{mask:X}"
        )
    else:
        how = f"q shifts {way} by one place and the XOR of {listed} enters at q[{ends[1]}]"
    gate = " at which en is 1" if enable else ""
    said = " When load is 1 q takes over d instead" if load else ""
    said += (" whatever en is." if enable else ".") if load else ""
    noun, value = ("Galois" if galois else "Fibonacci"), f"0x{seed:X}"

    def stimulus(rng: random.Random) -> list[list[Row]]:
        on = {"en": 1} if enable else {}
        rows: list[Row] = [on] * min((1 << width) + 2, 530)
        rows += [{}, on] * (2 * width) if enable else []
        words = [*extremes(width), rng.getrandbits(width)] if load else []
        for word in words:
            rows += [{"load": 1, "d": word} | (on if word % 2 else {}), on, on | {"d": word}, on]
        return [rows]

    return Blueprint(
        ports=[
            *clock_and_reset(choice["reset"]),
            *([Port(name="en", dir="in")] if enable else []),
            *([Port(name="load", dir="in"), Port(name="d", dir="in", width=width)] if load else []),
            Port(name="q", dir="out", width=width),
        ],
        clock="clk",
        reset=reset_of(choice["reset"]),
        golden=lambda: Field(width, choice) if galois else Recurrence(width, choice),
        phrasings=(
            f"{sentence(bits(width))} {noun} LFSR with output register q and {reset}, which sets q"
            f" to {value}. At every rising edge{gate}: {how}.{said}",
            f"A pseudo-random generator of period {2**width - 1}: register q of {width} bits, set"
            f" to {value} by {reset}. On rising edges of clk{gate} {how} (polynomial {poly}, {noun}"
            f" form).{said}",
            f"Linear feedback shift register in {noun} form, {width} bits, output q, polynomial"
            f" {poly}. One step per rising clock edge{gate}: {how}. {sentence(reset)} gives q ="
            f" {value}.{said}",
        ),
        view={
            **reset_view(choice["reset"]), "regs": ["q"], "width": width, "enable": enable,
            "load": load, "seed": seed, "galois": galois, "mask": mask, "out": f"q[{ends[0]}]",
            "moved": f"{{q[{top - 1}:0], BIT}}" if left else f"{{BIT, q[{top}:1]}}",
            "feedback": listed.replace(", ", " ^ "),
        },
        stimulus=stimulus,
    )  # fmt: skip


FAMILY = Family(
    name="lfsr",
    kind="cycle",
    summary="linear feedback shift registers of maximal period",
    parameters={"width": (8, *range(3, 8), *range(9, 33))},
    options={
        "form": ("fibonacci", "galois"),
        "dir": ("left", "right"),
        "seed": ("one", "ones"),
        "enable": (1, 0),
        "load": (0, 1),
        "reset": RESETS,
    },
    make=make,
    template="lfsr.v.j2",
)
