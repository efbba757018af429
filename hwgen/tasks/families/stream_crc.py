"""Cyclic redundancy checks: one remainder per packet."""

from __future__ import annotations

from hwgen.tasks.family import Blueprint, Choice, Family
from hwgen.tasks.plans import Link, streaming
from hwgen.tasks.resets import RESETS

POLYNOMIALS = {
    "crc8": (8, 0x07),
    "crc8_maxim": (8, 0x31),
    "crc8_sae": (8, 0x1D),
    "crc8_wcdma": (8, 0x9B),
    "crc16_ccitt": (16, 0x1021),
    "crc16_ibm": (16, 0x8005),
    "crc5_usb": (5, 0x05),
    "crc32": (32, 0x04C11DB7),
}


class Crc:
    """Divides the packet's bits, as one long polynomial, by the generator."""

    def __init__(self, choice: Choice) -> None:
        self.order, low = POLYNOMIALS[choice["poly"]]
        self.generator = 2**self.order + low
        self.width, self.lsb = choice["width"], choice["bits"] == "lsb_first"
        self.ones, self.invert = choice["start"] == "ones", choice["out"] == "inverted"
        self.reset()

    def reset(self) -> None:
        self.bits = ""

    def step(self, inputs: dict[str, dict[str, int]]) -> dict[str, list[dict[str, int]]]:
        text = format(inputs["s"]["s_data"], f"0{self.width}b")
        self.bits += text[::-1] if self.lsb else text
        if not inputs["s"]["s_last"]:
            return {"m": []}
        value = int(self.bits, 2) << self.order
        if self.ones:  # a start of ones is the same as inverting the first bits
            value ^= (2**self.order - 1) << len(self.bits)
        while value.bit_length() > self.order:
            value ^= self.generator << value.bit_length() - self.order - 1
        self.bits = ""
        return {"m": [{"m_crc": value ^ (2**self.order - 1) * self.invert}]}


def make(choice: Choice) -> Blueprint:
    width, (order, poly) = choice["width"], POLYNOMIALS[choice["poly"]]
    lsb, ones, invert = (
        choice["bits"] == "lsb_first",
        choice["start"] == "ones",
        choice["out"] == "inverted",
    )
    top, begin = 2**order - 1, (2**order - 1 if ones else 0)
    first = "least" if lsb else "most"
    end = f"the register with all bits inverted (XOR 0x{top:x})" if invert else "the register"
    rule = (
        f"The register r has {order} bits and is {f'0x{top:x}' if ones else 0} at the start of each"
        f" packet. For every bit b of s_data ({width} bits), {first} significant bit first:"
        f" feedback = r[{order - 1}] xor b; r is shifted left by one (0 comes in) and, if feedback"
        f" is 1, XORed with 0x{poly:x}. After the beat with s_last = 1, which belongs to the"
        f" packet, one beat leaves with m_crc = {end}; r is not reflected."
    )
    return streaming(
        choice,
        links=[
            Link("s", "in", {"data": width, "last": 1}),
            Link("m", "out", {"crc": order}),
        ],
        golden=lambda: Crc(choice),
        says=(
            f"A CRC-{order} unit with polynomial 0x{poly:x} for packets of stream s. {rule}",
            f"Compute a cyclic redundancy check of each packet (polynomial x^{order} + ..., low"
            f" coefficients 0x{poly:x}). {rule}",
            f"One {order}-bit checksum m_crc on stream m per packet on stream s. {rule}",
        ),
        registers={"crc": (order, begin), "m_valid": (1, 0), "m_crc": (order, None)},
        view={
            "order": order,
            "top": order - 1,
            "below": order - 2,
            "poly": f"{order}'h{poly:X}",
            "begin": begin,
            "bit": "i" if lsb else f"{width - 1} - i",
            "invert": invert,
        },
    )


FAMILY = Family(
    name="stream_crc",
    kind="stream",
    summary="a cyclic redundancy check per packet",
    parameters={"width": (8, 1, 2, 4, 16, 32)},
    options={
        "poly": tuple(POLYNOMIALS),
        "bits": ("msb_first", "lsb_first"),
        "start": ("zeros", "ones"),
        "out": ("plain", "inverted"),
        "reset": RESETS,
    },
    make=make,
    template="stream_crc.v.j2",
)
