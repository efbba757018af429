"""What an attack is, and the modules that attacks are written into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hwgen.verify.verdict import Verdict

Text = str | bytes | Mapping[str, str | bytes]

ADDER, COUNTER, STREAM = "adder", "counter", "stream_scale"
SECRET = "HWGEN_CANARY"
"""The environment variable that attacks ask for."""

WRONG = "assign y = a; assign cout = 1'b0;"
"""An adder that adds nothing: what the forgeries below want to be paid for."""


@dataclass(frozen=True)
class Attack:
    """A candidate that must not be paid.

    `task` is the built-in task it pretends to solve, `earns` what it is after. `causes` are the
    causes of a FAIL that are right for it. `touches` names the canary it reaches for: "read",
    "write", "exec", "socket", "kill" or "". Words like @READ@ in its text become the canaries'
    places. `until` is the stage by which it must have died, `slow` marks seconds of work.
    """

    name: str
    task: str
    source: Text | Callable[[], Text]
    earns: str
    causes: tuple[str, ...]
    touches: str = ""
    until: str = "simulate"
    slow: bool = False

    def acceptable(self, sim: str) -> frozenset[str]:
        """The causes of a FAIL that are right for it on a simulator; Verilator refuses more."""
        return frozenset((*self.causes, "elaborate") if sim == "verilator" else self.causes)

    def files(self, places: Mapping[str, str]) -> dict[str, str | bytes]:
        """The candidate's files, with the canaries' places in them."""
        made = self.source() if callable(self.source) else self.source
        given = {"candidate.v": made} if isinstance(made, str | bytes) else dict(made)
        return {name: _placed(text, places) for name, text in given.items()}


def _placed(text: str | bytes, places: Mapping[str, str]) -> str | bytes:
    if isinstance(text, str) and "@" in text and len(text) < 1 << 16:
        for word, place in places.items():
            text = text.replace(f"@{word}@", place)
    return text


def paid(verdict: Verdict) -> bool:
    """Whether a reward or a model-backed build would take this verdict for a right answer."""
    return verdict.passed and verdict.worthy


def adder(body: str, *, before: str = "", after: str = "", kind: str = "wire") -> str:
    """A module for task `adder`: 8-bit a and b in, y and cout out."""
    return (
        f"{before}module adder (input wire [7:0] a, input wire [7:0] b,\n"
        f"    output {kind} [7:0] y, output {kind} cout);\n{body}\nendmodule\n{after}"
    )


def counter(body: str, *, before: str = "", after: str = "", width: int = 8) -> str:
    """A module for task `counter`: clk and rst in, count out; `q` is a register for it."""
    return (
        f"{before}module counter (input wire clk, input wire rst, output wire [{width - 1}:0]"
        f" count);\nreg [{width - 1}:0] q;\n{body}\nendmodule\n{after}"
    )


COUNTS = "always @(posedge clk) if (rst) q <= 0; else q <= q + 1;"


def scale(change: str = "", *, ready: str = "!m_valid || m_ready", data: str = "s_data * 3",
          valid: str = "s_valid", step: str = "s_ready", width: int = 8) -> str:  # fmt: skip
    """A module for task `stream_scale`, right but for what is given."""
    high = width - 1
    return (
        f"module stream_scale (input wire clk, input wire rst, input wire [{high}:0] s_data,\n"
        f"    input wire s_valid, output wire s_ready, output reg [{high}:0] m_data,\n"
        f"    output reg m_valid, input wire m_ready);\n{change}\nassign s_ready = {ready};\n"
        f"always @(posedge clk)\n    if (rst) begin m_valid <= 0; m_data <= 0; end\n"
        f"    else if ({step}) begin m_valid <= {valid}; m_data <= {data}; end\nendmodule\n"
    )
