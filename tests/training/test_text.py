"""Prompts, the normal form of answers, and code in answers of any model."""

from __future__ import annotations

import pytest

from hwgen.tasks.library import families, get_task
from hwgen.training.text import ANSWER, code_in, completion_of, prompt_of, repair_prompt_of
from hwgen.verify.judge import judge

MODULE = "module m (input wire a);\nendmodule"


def test_prompt_says_intent_ports_clock_and_reset() -> None:
    task = get_task("counter:width=12,enable=1,reset=async_low@2")
    assert prompt_of(task) == (
        "module counter cycle\n"
        f"{task.phrasings[2]}\n"
        "in 1 clk clock\n"
        "in 1 rst_n reset async low\n"
        "in 1 en\n"
        "out 12 [11:0] count\n"
        "answer:\n"
    )


def test_prompt_says_streams_and_signs() -> None:
    text = prompt_of(get_task("stream_fifo"))
    assert "stream s valid s_valid ready s_ready data s_data\n" in text
    assert "in 16 signed [15:0] x\n" in prompt_of(get_task("requantise"))


@pytest.mark.parametrize("name", sorted(families()))
def test_normal_form_is_stable_and_shorter(name: str) -> None:
    reference = get_task(name).reference
    assert reference is not None
    normal = completion_of(reference)
    assert completion_of(normal) == normal
    assert len(normal) < len(reference)
    assert not any(bad in normal for bad in ("//", "  wire  "))
    assert normal.startswith("module ")
    assert normal.endswith("endmodule\n")


@pytest.mark.parametrize("name", ["uart_tx", "requantise", "seven_segment", "mod_counter"])
def test_normal_form_means_the_same(name: str) -> None:
    task = get_task(name)
    assert task.reference is not None
    assert judge(task, completion_of(task.reference)).assurance == "proved"


def test_normal_form_of_what_emitted_files_hold() -> None:
    said = (
        "`resetall\r\n`timescale 1ns / 1ps\n`define K 3\n/* two\nlines */\n"
        '(* ram_style = "block" *) reg  [7:0] x; // note\n\n'
        "always @(*)  y = 12'h001 + 8'sh0f + 4'h0 + 4'b0010;\n"
    )
    assert completion_of(said) == (
        "`define K 3\nreg [7:0] x;\nalways @(*) y = 12'h1 + 8'shf + 4'h0 + 4'b0010;\n"
    )


def test_repair_prompt_holds_task_wrong_answer_and_fault() -> None:
    task = get_task("gray")
    text = repair_prompt_of(task, "module gray; // x\nendmodule", "The source does not\n parse.")
    assert text.startswith(prompt_of(task).removesuffix(ANSWER))
    tail = "wrong answer:\nmodule gray;\nendmodule\nfault: The source does not parse.\nanswer:\n"
    assert text.endswith(tail)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (MODULE, MODULE),
        (f"{MODULE}\nmodule module module", MODULE),
        (f"Sure, here it is.\n\n{MODULE}\nIt has one port.", MODULE),
        (f"Draft:\n```verilog\nmodule x;\nendmodule\n```\nBetter:\n```v\n{MODULE}\n```\n", MODULE),
        (f"```verilog\n`define N 8\n{MODULE}\n```", f"`define N 8\n{MODULE}"),
        (f"```\n{MODULE}\n```\nUse it so:\n```\nm u_m (.a(a));\n```", MODULE),
        (f"<think>module y;\nendmodule</think><solution>\n{MODULE}\n</solution>", MODULE),
        (f"<solution>```verilog\n{MODULE}", MODULE),
        ("module m (input wire a", "module m (input wire a"),
        ("```verilog\nassign y = a;\n```", "assign y = a;"),
    ],
)
def test_code_in_answers(answer: str, code: str) -> None:
    assert code_in(answer) == code + "\n"


def test_no_code_in_nothing() -> None:
    assert code_in(" \n") == ""
