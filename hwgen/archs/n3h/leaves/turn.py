"""n3h_dsp_turn: bit planes in, codes of eight bits out."""

from __future__ import annotations

import random

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.ports import ports
from hwgen.tasks.rows import Row

PLANES = 8


class Turn:
    """Planes of both banks, None where nothing was written yet; the codes read last."""

    def __init__(self, dk: int, pin: int) -> None:
        self.dk, self.pin = dk, pin
        self.banks: list[list[int | None]] = [[None] * PLANES, [None] * PLANES]
        self.codes = (0, 0)  # value, and which bits are known

    def reset(self) -> None:
        return None

    def step(self, i: Row) -> dict[str, tuple[int, int]]:
        if i["rd"]:
            self.codes = self.read(self.banks[i["rd_bank"]], i["rd_step"] * self.pin)
        if i["cap"]:
            bank, plane = self.banks[i["cap_bank"]], i["cap_plane"]
            bank[plane] = i["cap_data"]
            if i["cap_top"]:
                above = i["cap_data"] if i["cap_signed"] else 0
                bank[plane + 1 :] = [above] * (PLANES - plane - 1)
        return {"codes": self.codes}

    def read(self, bank: list[int | None], first: int) -> tuple[int, int]:
        value = known = 0
        for n in range(self.pin):
            for plane, word in enumerate(bank):
                at = 1 << 8 * n + plane
                if word is not None:
                    known |= at
                    value |= at * (word >> first + n & 1)
        return value, known


TEXTS = (
    "Corner turn with two banks of {dk} codes of 8 bits (bank 0 and 1), clocked by the rising"
    " edge of clk, without reset. A write (cap = 1) stores cap_data ({dk} bits, bit c for code"
    " c) as bit cap_plane of all codes of bank cap_bank; with cap_top = 1 as well it also writes"
    " every plane above cap_plane of that bank: with cap_data again if cap_signed is 1 (sign"
    " extension), with zeros if it is 0. A read (rd = 1) loads the output register codes with"
    " the {pin} codes from number {pin} * rd_step on of bank rd_bank, the first one in bits"
    " 7..0; without rd codes holds. A read at the same edge as a write sees the bank as it was"
    " before. What was never written does not matter.",
    "Bit-plane transposer. State: bank[2][{dk}] of bytes, and the output register codes. On each"
    " rising clk edge: if cap, for every c in 0..{last} bit cap_plane of bank[cap_bank][c]"
    " becomes cap_data[c], and if also cap_top, all bits of it above cap_plane become"
    " (cap_signed ? cap_data[c] : 0). If rd, codes[8i+7:8i] becomes bank[rd_bank][{pin}*rd_step"
    " + i] for i = 0 to {lane}, with the values from before the edge. Planes below cap_plane"
    " stay as they are, nothing else changes, there is no reset; bits that no write has reached"
    " are don't care.",
    "Memory that is written by bit planes and read by codes; two banks, each {dk} codes of 8"
    " bits, no reset, all on the rising edge of clk. Write port: cap (enable), cap_bank,"
    " cap_plane (which of the 8 bits), cap_data (that bit of every code, code 0 in bit 0),"
    " cap_top (this is the most significant plane: fill all higher planes of the codes too, as"
    " sign extension with cap_data for cap_signed = 1, with 0 for cap_signed = 0). Read port: rd"
    " (enable), rd_bank, rd_step (group of {pin} consecutive codes), registered output codes,"
    " valid after the edge and kept while rd is 0, code 0 of the group in the low byte. Read and"
    " write in the same cycle: the read gives old contents.",
)


def make(choice: Choice) -> Blueprint:
    dk, pin = choice["DK"], choice["PIN"]
    step = (dk // pin).bit_length() - 1
    values = {"dk": dk, "pin": pin, "last": dk - 1, "lane": pin - 1}
    one, two, three = (text.format(**values) for text in TEXTS)
    return Blueprint(
        ports=ports(
            f"clk< cap< cap_bank< cap_plane<3 cap_top< cap_signed< cap_data<{dk}",
            f"rd< rd_bank< rd_step<{step} codes>{8 * pin}",
        ),
        clock="clk",
        golden=lambda: Turn(dk, pin),
        phrasings=(one, two, three),
        view={"regs": ["codes"], "zeros": pin.bit_length() + 2},
        stimulus=lambda rng: [directed(rng, dk, dk // pin)],
    )


def directed(rng: random.Random, dk: int, steps: int) -> list[Row]:
    """Chunks of every width in both banks, each read as a whole while the next one comes."""
    rows = []
    for chunk in range(18):
        top, bank = chunk % 8, chunk // 2 % 2
        writes = [
            {"cap": 1, "cap_bank": bank, "cap_plane": n, "cap_top": int(n == top)}
            | {"cap_signed": rng.randrange(2), "cap_data": rng.getrandbits(dk)}
            for n in range(top + 1)
        ]
        reads = [{"rd": 1, "rd_bank": rng.choice((bank, 1 - bank)), "rd_step": rng.randrange(steps)}
                 for _ in range(max(0, 6 - top))]  # fmt: skip
        for row in writes:
            row |= {"rd": int(rng.random() < 0.6), "rd_bank": rng.randrange(2)}
            row |= {"rd_step": rng.randrange(steps)}
        rows += [*writes, *reads]
    return rows


def halves(choice: Choice) -> bool:
    """There are at least two groups of codes to choose from."""
    return bool(choice["DK"] >= 2 * choice["PIN"])


FAMILY = Family(
    name="n3h_dsp_turn",
    kind="cycle",
    summary="bit planes to codes: a transposer of two banks",
    parameters={"DK": (64, 8, 16, 32, 128, 256, 512), "PIN": (8, 2, 4, 16, 32)},
    options={},
    make=make,
    template="n3h/turn.v.j2",
    legal=halves,
)
