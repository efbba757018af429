"""Rows of other people's files: columns and values that are named, hostile code, benches."""

import json

import pyarrow
import pytest
from pyarrow import parquet

from hwgen.errors import UsageError
from hwgen.training.data.compiled import Compiled, benched, compiled
from hwgen.training.data.local import Found, read_files

INC = """`define ONE 4'd1
module inc (input clk, input rst_n, input [3:0] d, output reg [3:0] q);
    always @(posedge clk) q <= rst_n ? d + `ONE : 4'd0; // one more
endmodule
"""
AND = "module both (input a, input b, output y);\n  assign y = a & b;\nendmodule\n"
BENCH = """module tb;
  reg a, b; wire y; integer i;
  both u (.a(a), .b(b), .y(y));
  initial for (i = 0; i < 4; i = i + 1) begin
    {a, b} = i; #1 $display("case %0d: %s", i, y === (a & b) ? "passed" : "failed");
  end
endmodule
"""


def jsonl(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_all_published_layouts_are_read(tmp_path):
    one = jsonl(tmp_path / "one.jsonl",
                {"question": "an adder", "testbench": BENCH},
                {"index": 7, "description": "and", "code": AND, "testbench": BENCH})  # fmt: skip
    two = tmp_path / "two.parquet"
    table = {"code": [INC], "description": ["plus one"], "rank": [20], "complexity": ["Basic"]}
    parquet.write_table(pyarrow.table(table), two)
    files = read_files([one, two])
    assert [row.id for row in files.rows] == ["one.jsonl:2", "two.parquet:1"]
    assert [row.id for row in files.problems] == ["one.jsonl:1"]
    assert files.rows[0].testbench == BENCH


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"code": AND}, "row 2: it has no column description or question"),
        ({"description": "x"}, "row 2: it has no column code or testbench"),
        ({"description": "x", "code": None}, "row 2: it has no column code or testbench"),
        ({"description": 3, "code": AND}, "row 2: its description is no text but int"),
        ({"description": "x", "code": ["a"]}, "row 2: its code is no text but list"),
        ({"description": " ", "code": AND}, "row 2: its description is empty"),
        ({"description": "x", "code": " "}, "row 2: its code and testbench are empty"),
        ({"description": "x\0", "code": AND}, "row 2: its description holds control characters"),
        (["x"], "row 2: it is no object with columns"),
    ],
)
def test_a_malformed_row_is_named(tmp_path, record, said):
    good = {"description": "and", "code": AND}
    with pytest.raises(UsageError, match=said):
        read_files([jsonl(tmp_path / "f.jsonl", good, record, good)])


def test_many_malformed_rows_are_counted(tmp_path):
    with pytest.raises(UsageError) as raised:
        read_files([jsonl(tmp_path / "f.jsonl", *[{"code": AND}] * 25)])
    assert len(raised.value.problems) == 11
    assert raised.value.problems[-1].what == "and 15 more rows"


def test_what_is_no_data_file_is_a_sentence(tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"description": "x"\n')
    with pytest.raises(UsageError, match="line 1: it is no JSON"):
        read_files([broken])
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(UsageError, match="is no Parquet file"):
        read_files([tmp_path / "broken.parquet"])
    with pytest.raises(UsageError, match="is no data file"):
        read_files([tmp_path / "x.csv"])
    with pytest.raises(UsageError, match="cannot be read"):
        read_files([tmp_path / "absent.jsonl"])
    (tmp_path / "sub").mkdir()
    same = jsonl(tmp_path / "sub" / "broken.jsonl", {})
    with pytest.raises(UsageError, match="two files are called"):
        read_files([broken, same])


def test_code_becomes_a_structured_row_or_a_reason(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("wire hidden;")
    codes = {
        "good": INC,
        "syntax": "module m (input a; endmodule",
        "unresolved": "module m (input a, output y); other u (a, y); endmodule",
        "two": AND + AND.replace("both", "more"),
        "system": AND.replace("assign", 'initial $display("x"); assign'),
        "include": f'`include "{secret}"\n{AND}',
        "inout": "module m (inout a, output y); assign y = a; endmodule",
    }
    rows = [Found(name, f"what {name} does", code, "") for name, code in codes.items()]
    found = {row.id: result for row, result in compiled(rows, 2, print)}
    good = found.pop("good")
    assert isinstance(good, Compiled)
    assert "what good does\nin 1 clk clock\nin 1 rst_n reset any low\nin 4 [3:0] d" in (
        good.row.prompt
    )
    assert "`" not in good.row.completion
    assert "//" not in good.row.completion
    assert found == {
        "syntax": "does not compile",
        "unresolved": "does not compile",
        "two": "not one top module",
        "system": "refused by the screen: forbidden",
        "include": "does not compile",
        "inout": "ports that no task has",
    }


def test_a_files_bench_is_measured_by_mutants():
    (_, right), (_, other) = compiled(
        [Found("a", "and", AND, BENCH), Found("b", "and", AND, "")], 1, print
    )
    blind = BENCH.replace("$display", "if (0) $display").replace(
        "endmodule", 'initial $display("done"); endmodule'
    )
    found = benched([(right, BENCH), (other, blind)], 0, 10)
    killed, total = found["a"]
    assert total >= 2
    assert killed == total
    assert found["b"] == (0, total)
