"""Proofs of streams: the same pace, another pace, and beats that are lost, changed or made up."""

from __future__ import annotations

import pytest
from formal import compared, spec_of

SPEC = spec_of(
    "in 1 clk", "in 1 rst", "in 8 s_data", "in 1 s_valid", "out 1 s_ready",
    "out 8 m_data", "out 1 m_valid", "in 1 m_ready", kind="stream",
    latency={"least": 1, "most": 16},
    streams=[
        {"name": "s", "valid": "s_valid", "ready": "s_ready", "payload": ["s_data"]},
        {"name": "m", "valid": "m_valid", "ready": "m_ready", "payload": ["m_data"]},
    ],
)  # fmt: skip
HEAD = (
    "module dut (input clk, rst, input [7:0] s_data, input s_valid, output s_ready,"
    " output [7:0] m_data, output m_valid, input m_ready);"
)
REGISTER = f"""{HEAD} reg v; reg [7:0] d;
assign s_ready = !v | m_ready; assign m_valid = v; assign m_data = d;
always @(posedge clk) begin
if (s_ready) begin v <= s_valid; d <= s_data + 8'd1; end
if (rst) v <= 0; end endmodule"""
FIFO = f"""{HEAD} reg [1:0] c; reg [7:0] a, b;
assign s_ready = c != 2; assign m_valid = c != 0; assign m_data = a + 8'd1;
wire push = s_valid & s_ready, pop = m_valid & m_ready;
always @(posedge clk) begin if (pop) a <= b;
if (push) begin if (c - pop == 0) a <= s_data; else b <= s_data; end
c <= c + push - pop; if (rst) c <= 0; end endmodule"""
PIPE = f"""{HEAD} reg v, w; reg [7:0] d, e; wire move = !w | m_ready;
assign s_ready = !v | move; assign m_valid = w; assign m_data = e;
always @(posedge clk) begin
if (s_ready) begin v <= s_valid; d <= s_data; end
if (move) begin w <= v; e <= d + 8'd1; end
if (rst) begin v <= 0; w <= 0; end end endmodule"""
WIRES = f"""{HEAD} assign s_ready = m_ready; assign m_valid = s_valid & !rst;
assign m_data = s_data + 8'd1; endmodule"""


@pytest.mark.parametrize(
    "candidate",
    [
        REGISTER,
        REGISTER.replace("s_data + 8'd1", "s_data - 8'd255").replace(
            "v <= 0;", "begin v <= 0; d <= 0; end"),
        REGISTER.replace("m_data = d", "m_data = v ? d : 8'd0"),
        FIFO.replace("if (pop) a <= b;", "if (c == 3) a <= 0;")
        .replace("if (c - pop == 0) a", "a").replace(" else b <= s_data;", "")
        .replace("s_ready = c != 2", "s_ready = c == 0 | m_ready"),
    ],
)  # fmt: skip
def test_the_same_pace_is_proved(candidate: str) -> None:
    assert compared(SPEC, candidate, REGISTER).kind == "proved"


@pytest.mark.parametrize("candidate", [WIRES, PIPE, FIFO])
def test_another_pace_is_bounded(candidate: str) -> None:
    proof = compared(SPEC, candidate, REGISTER, cpu_s=2)
    assert proof.kind == "bounded"
    assert proof.k >= 4 * SPEC.latency.least


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (PIPE, "!v | move;", "!v | move | (e == 8'h5a & d == 8'h59);"),  # lost
        (PIPE, "w <= v;", "w <= v | (w & e == 8'h33);"),  # twice
        (PIPE, "w <= v;", "w <= v | (d == 8'h11 & e == 8'h99);"),  # made up after the reset
        (PIPE, "w <= v; e <= d + 8'd1;", "w <= v; e <= d + 8'd1 + (w & e == 8'h77);"),  # changed
        (FIFO, "a + 8'd1;", "a == 8'h5a & b == 8'ha5 & c == 2 ? 8'd0 : a + 8'd1;"),  # unsteady
        (FIFO, "m_valid = c != 0", "m_valid = c != 0 & !(c == 2 & a == 8'h77)"),  # valid drops
        (
            FIFO,
            "c <= c + push - pop;",
            "c <= c + (push & s_data != 8'h21) - pop;",
        ),  # lost
        (FIFO, "s_ready = c != 2", "s_ready = c != 3"),  # overflow
        (WIRES, "m_valid = s_valid", "m_valid = s_valid & s_data != 8'h42"),  # lost
    ],
)
def test_wrong_beats_are_refuted(text: str, old: str, new: str) -> None:
    assert old in text
    proof = compared(SPEC, text.replace(old, new), REGISTER, cpu_s=2)
    assert proof.kind == "refuted"
    assert proof.rows[0] >> 10 & 1  # the reset cycle
    assert not any(row >> 10 & 1 for row in proof.rows[1:])
    assert set(proof.beats) == {"s"}
    assert all(0 <= beat < 256 for beat in proof.beats["s"])


def test_a_refutation_names_the_beat_that_goes_wrong() -> None:
    lost = WIRES.replace("m_valid = s_valid", "m_valid = s_valid & s_data != 8'h42")
    assert 0x42 in compared(SPEC, lost, REGISTER).beats["s"]


def test_streams_without_ready() -> None:
    spec = spec_of(
        "in 1 clk", "in 1 rst", "in 4 x", "in 1 x_valid", "out 4 y", "out 1 y_valid",
        kind="stream",
        streams=[{"name": "x", "valid": "x_valid", "payload": ["x"]},
                 {"name": "y", "valid": "y_valid", "payload": ["y"]}],
    )  # fmt: skip
    head = "module dut (input clk, rst, input [3:0] x, input x_valid, output reg [3:0] y,"
    head += " output reg y_valid);"
    once = f"{head} always @(posedge clk) begin y <= ~x; y_valid <= x_valid & !rst; end endmodule"
    twice = f"{head} reg [3:0] h; reg p; always @(posedge clk) begin h <= x; y <= ~h;"
    twice += " p <= x_valid & !rst; y_valid <= p & !rst; end endmodule"
    assert compared(spec, once.replace("~x", "4'd15 - x"), once).kind == "proved"
    assert compared(spec, twice, once).kind == "bounded"
    assert compared(spec, twice.replace("~h", "h == 3 ? 4'd0 : ~h"), once).kind == "refuted"
