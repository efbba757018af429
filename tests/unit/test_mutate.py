"""Mutants of a text: where they are, what they change, that each is there once."""

import pytest

from hwgen.errors import UsageError
from hwgen.tasks.library import get_task
from hwgen.tasks.mutate import mutants_of
from hwgen.tasks.single import single_mutants

BLOCK = """// a <= b + 1 in a comment is nothing
module m (
    input  wire clk, rst,
    input  wire [3:0] a, b,
    output reg  [3:0] q,
    output wire less
);
    assign less = a <= b;
    always @(posedge clk) begin
        if (rst)
            q <= 4'h0;
        else if (a != 4'd9 && b[0])
            q <= {a[1:0], b[3:2]};
    end
endmodule
"""


def lines(kind: str, text: str = BLOCK) -> list[str]:
    """The changed lines of the mutants of a kind."""
    return [m.text.splitlines()[m.line - 1].strip() for m in mutants_of(text) if m.kind == kind]


def test_the_same_text_gives_the_same_mutants_each_once_and_none_unchanged():
    found = mutants_of(BLOCK)
    assert found == mutants_of(BLOCK)
    texts = ["".join(m.text.split()) for m in found]
    assert len(set(texts)) == len(texts) > 50
    assert "".join(BLOCK.split()) not in texts
    assert [m.line for m in found] == sorted(m.line for m in found)


def test_each_mutant_differs_in_the_line_that_it_names_and_never_in_a_comment():
    for mutant in mutants_of(BLOCK):
        pairs = zip(BLOCK.splitlines(), mutant.text.splitlines(), strict=False)
        first = next(n for n, (old, new) in enumerate(pairs, 1) if old != new)
        assert mutant.line == first
        assert mutant.text.startswith(BLOCK.splitlines()[0])
        assert mutant.what


def test_a_comparison_is_swapped_and_an_assignment_is_not_taken_for_one():
    found = lines("operator")
    assert "assign less = a < b;" in found
    assert "assign less = a > b;" in found
    assert "else if (a == 4'd9 && b[0])" in found
    assert "else if (a != 4'd9 || b[0])" in found
    assert not any("q <" in line and "q <=" not in line for line in found)


def test_constants_move_by_one_and_lose_bits():
    found = lines("constant")
    assert "else if (a != 4'ha && b[0])" in found
    assert "else if (a != 4'h8 && b[0])" in found
    assert "else if (a != 4'h1 && b[0])" in found
    assert "q <= 4'hf;" in found
    assert "q <= {a[2:0], b[3:2]};" in found
    assert "else if (a != 4'd9 && b[1])" in found


def test_conditions_operands_statements_and_bits_go_wrong():
    assert "if ((!(rst)))" in lines("negated")
    assert "if ((1'b1))" in lines("condition")
    assert "else if (b[0])" in lines("operand")
    assert "q <= (4'h0) | 1'b1;" in lines("stuck")
    assert "assign less = ~(a <= b);" in lines("inverted")
    assert ";" in lines("dropped")
    assert "q = 4'h0;" in lines("blocking")
    assert "q <= {b[3:2], a[1:0]};" in lines("swapped")
    assert "assign less = b <= b;" in lines("name")


def test_clock_edges_and_the_kind_of_reset_change():
    synchronous = lines("sensitivity")
    assert "always @(negedge clk) begin" in synchronous
    assert "always @(posedge clk or posedge rst) begin" in synchronous
    other = BLOCK.replace("posedge clk", "posedge clk or negedge rst").replace("(rst)", "(!rst)")
    asynchronous = lines("sensitivity", other)
    assert "always @(posedge clk) begin" in asynchronous
    assert "always @(posedge clk or posedge rst) begin" in asynchronous
    assert "if (rst)" in lines("prefix", other)


def test_signs_and_the_arms_of_a_case_go_wrong():
    text = """module m (input wire [1:0] s, input wire signed [3:0] a, output reg [3:0] y);
    always @*
        case (s)
            2'd0: y = a >>> 1;
            2'd1: y = $signed(s);
            default: y = -a;
        endcase
endmodule
"""
    assert "2'd1: y = $unsigned(s);" in lines("sign", text)
    assert "2'd0: y = a >> 1;" in lines("operator", text)
    assert "default: y = a;" in lines("prefix", text)
    assert "2'd0: y = $signed(s);" in lines("swapped", text)
    assert "" in lines("dropped", text)


def test_a_text_that_is_not_ascii_keeps_its_bytes():
    text = BLOCK.replace("nothing", "nichts für uns")
    assert [m.line for m in mutants_of(text)] == [m.line for m in mutants_of(BLOCK)]
    assert all("für uns" in m.text for m in mutants_of(text))


def test_single_mutants_are_wrong_at_one_value_and_not_in_reset():
    found = single_mutants(BLOCK, ["a", "b"], "rst", 12)
    assert len(found) == 12
    assert found == single_mutants(BLOCK, ["a", "b"], "rst", 12)
    assert found != single_mutants(BLOCK, ["a", "b"], "rst", 12, seed=1)
    assert {m.line for m in found} <= {8, 13}
    for mutant in found:
        line = mutant.text.splitlines()[mutant.line - 1]
        assert " ^ $signed({1'b0, " in line
    # two assignments, each with the 16 values of a and of b; nothing reads q
    assert len(single_mutants(BLOCK, ["a", "b"], "rst", 1000)) == 2 * 2 * 16
    assert single_mutants(BLOCK, ["a", "b"], "rst", 1000, most=3) == ()


def test_what_does_not_parse_has_no_mutants():
    with pytest.raises(UsageError, match="line 2 is no Verilog"):
        mutants_of("module m;\n  assign = ;\nendmodule\n")


@pytest.mark.parametrize("task", ["counter", "crc", "fifo", "uart_rx", "stream_fifo"])
def test_references_have_mutants_of_many_kinds(task):
    found = mutants_of(get_task(task).reference)
    assert len(found) >= 30
    assert len({m.kind for m in found}) >= 8
