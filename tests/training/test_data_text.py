"""What rows are compared and labelled by: syntax, words, similarity, dataflow, points."""

import pytest

from hwgen.errors import UsageError
from hwgen.training.data.complexity import Labeller, features_of, label
from hwgen.training.data.dataflow import dataflow_of
from hwgen.training.data.leaks import Guard, Secret, leaks, suite_secrets
from hwgen.training.data.rows import LOCAL, Row
from hwgen.training.data.similar import near_duplicates, shingles
from hwgen.training.data.syntax import anonymous, runs_of_words, syntax_hash

ADD = "module add (input [7:0] a, input [7:0] b, output [7:0] y);\n  assign y = a + b;\nendmodule\n"
RENAMED = (
    "module  m(input [7:0] p,input [7:0] q, // sum\noutput [7:0] r); assign r = p+q; endmodule"
)
COUNT = """module count (input clk, input rst, output reg [3:0] q);
    always @(posedge clk)
        if (rst) q <= 4'd0;
        else q <= q == 4'd9 ? 4'd0 : q + 4'd1;
endmodule
"""
LOOP = """module loop (input [7:0] x, output reg [7:0] y);
    integer i;
    always @* begin
        y = 8'd0;
        for (i = 0; i < 8; i = i + 1)
            if (x[i]) y = y + (y == x ? 8'd1 : y);
    end
endmodule
"""


def row(**changes) -> Row:
    return Row("f.jsonl:1", LOCAL, "write", "d", "an adder", ADD).with_(**changes)


def test_names_and_layout_do_not_matter_to_a_syntax_hash_and_numbers_do():
    assert syntax_hash(ADD) == syntax_hash(RENAMED)
    assert syntax_hash(ADD) != syntax_hash(ADD.replace("7", "6"))
    assert syntax_hash(ADD, numbers=False) == syntax_hash(ADD.replace("7", "6"), numbers=False)
    assert syntax_hash(ADD) != syntax_hash(ADD.replace("a + b", "b + a"))
    assert anonymous("assign a = b & 4'hF;") == ["assign", "v0", "=", "v1", "&", "4'15", ";"]
    assert syntax_hash("y = 8'h0A + 'sd3;") == syntax_hash("z = 8'd1_0 + 'sb11; // three")
    assert syntax_hash("y = 4'b1x;") != syntax_hash("y = 4'b10;")
    assert syntax_hash(f"`timescale 1ns / 1ps\n{ADD}") == syntax_hash(ADD)


def test_a_text_that_does_not_lex_has_a_hash_too():
    assert syntax_hash('module m; "open') == syntax_hash('module m; "open')


def test_runs_of_words_ignore_what_stands_between():
    assert list(runs_of_words("One, two -- three\nFOUR", 3)) == ["one two three", "two three four"]
    assert list(runs_of_words("one two", 3)) == []


def test_near_duplicates_are_those_of_the_jaccard_similarity():
    lines = [f"assign y{n} = a[{n}] & b[{n}] | c{n};" for n in range(60)]
    whole = "module m;\n" + "\n".join(lines) + "\nendmodule"
    near = whole.replace("a[30]", "d[30]")
    far = whole.replace("&", "^")
    one, two, three = map(shingles, (whole, near, far))
    assert len(one & two) / len(one | two) >= 0.9 > len(one & three) / len(one | three)
    assert near_duplicates([whole, near, far, whole + " // again"]) == {1: 0, 3: 0}
    assert near_duplicates([whole, near], 1.0) == {}


def test_a_secret_is_found_by_code_under_other_names():
    held = COUNT.replace("count", "decade")
    guard = Guard([Secret("counter:width=4", "count to nine", COUNT)])
    found = leaks([row(completion=held)], guard, Guard(()))
    assert [(leak.row, leak.secret) for leak in found] == [("f.jsonl:1", "counter:width=4")]
    assert not leaks([row()], guard, Guard(()))


def test_a_secret_is_found_by_its_words_and_boilerplate_is_none():
    said = "the module shall shift its input by one place for each cycle in which enable is high"
    said += " and it shall hold what it has while enable is low unless clear is given with it"
    shared = " and all of its ports are one bit wide unless it is otherwise specified in the text"
    secrets = [Secret("a", said + shared, "")]
    secrets += [Secret(f"b{n}", f"{n} and" * 20 + shared, "") for n in range(3)]
    guard = Guard(secrets)
    assert guard.same_words("Task: " + said.upper() + ".") == "a"
    assert guard.same_words("Another task" + shared) == ""


def test_of_a_family_only_code_is_compared_with_held_out_specs():
    words = " ".join(f"word{n}" for n in range(30))
    held = Guard([Secret("counter:width=9", words, COUNT)])
    mine = row(family="counter", prompt=words)
    assert not leaks([mine], held, Guard(()))
    assert leaks([mine.with_(family=LOCAL)], held, Guard(()))[0].sign == "the same words"
    assert leaks([mine.with_(completion=COUNT)], held, Guard(()))


def test_short_code_is_nobodys():
    tiny = "module t(input a, output y); assign y = ~a; endmodule"
    assert Guard([Secret("t", "", tiny)]).same_code(tiny) == ""


def test_a_folder_of_neither_benchmark_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="holds neither VerilogEval nor RTLLM"):
        suite_secrets(tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        suite_secrets(tmp_path / "none")


def test_features_are_counted():
    found = features_of(COUNT, "count")
    # ==, + ; if, ?: ; q ; nothing else
    assert (found.operators, found.branches, found.registers, found.parts) == (2, 2, 1, 0)
    assert found.flow is not None
    assert found.flow.signals == 1
    assert found.depth == found.flow.depth == 3
    assert found.points == 2 + 2 * 2 + 3 + 2 * 3


def test_labels_follow_the_thresholds():
    assert [label(points) for points in (0, 19, 20, 39, 40, 69, 70)] == [
        "Basic", "Basic", "Intermediate", "Intermediate", "Advanced", "Advanced", "Expert",
    ]  # fmt: skip


def test_an_analysis_without_an_end_is_given_up_at_the_same_step_each_time():
    wide = LOOP.replace("8;", "64;")
    assert dataflow_of(wide, "loop") is None
    assert features_of(wide, "loop") == features_of(wide, "loop")
    assert features_of(wide, "loop").parts == 1


def test_what_pyverilog_cannot_read_has_no_dataflow_and_a_label():
    text = ADD.replace("a + b", "a inside {[8'd1:8'd3]}")
    assert dataflow_of(text, "add") is None
    assert Labeller()(text, "add") == "Basic"


def test_texts_of_one_shape_are_analysed_once():
    labeller = Labeller()
    assert labeller(ADD, "add") == labeller(ADD.replace("7", "31"), "add") == "Basic"
    assert labeller.analysed == (1, 1)
