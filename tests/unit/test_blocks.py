"""Model-written blocks: which are put in, which are refused, and what the accelerator then is."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from blocks_by_hand import HARD, TEXTS

from hwgen.arch import get_arch
from hwgen.blocks.emit import Design, Settings, listed, with_blocks, written_blocks
from hwgen.blocks.language import is_verilog_2005
from hwgen.blocks.text import written
from hwgen.cli.build import emitted
from hwgen.emit.bundle import read_manifest
from hwgen.errors import ToolMissing, UsageError
from hwgen.tasks.hierarchy import instances
from hwgen.tasks.leaves import leaf_blocks
from hwgen.verify.native import find_verilator

ROOT = Path(__file__).parents[2]
ARCH = get_arch("n3h")
SPEC = ARCH.spec_class().preset("tiny")
ONCE = Settings(samples=4, stored=False)


def silent(*_):
    pass


def hostile(name):
    """Texts that must not come near the files: each is for every block."""
    return [
        f"module {name}; initial $finish; endmodule",
        f"module {name} (input clk); hwgen_dut u(); endmodule",
        "\x00 not Verilog \ud800",
        "module elsewhere; endmodule",
    ]


WRONG = {
    "n3h_store_addr": "module n3h_store_addr; endmodule",
    # one state in 64 is wrong: full is not full
    "hw_token": TEXTS["hw_token"].replace("~&n", "1'b1"),
    # a trojan: wrong for one word in 2^32 that no test tries
    "n3h_fill_swap": TEXTS["n3h_fill_swap"].replace(
        "y = swapped(", "y = (x[63:32] == 32'hdeadbeef) ^ swapped("
    ),
    # right and small, but SystemVerilog
    "n3h_watchdog": TEXTS["n3h_watchdog"].replace("reg [3:0] miss", "logic [3:0] miss"),
}  # fmt: skip


def by_hand(task, count):
    """First what must be refused, then the right one; nothing for most blocks."""
    name = task.spec.module
    if name not in TEXTS and name not in ("n3h_bank_load_x", "n3h_store_addr"):
        return []
    good = (WRONG.get(name), TEXTS.get(name))
    return [*hostile(name)[:2], *(text for text in good if text), *hostile(name)[2:]][:count]


@pytest.fixture(scope="module")
def design(tmp_path_factory):
    """The bundle, what was said, and the folder."""
    said = []
    bundle = with_blocks(ARCH, SPEC, by_hand, ONCE, said.append)
    folder = tmp_path_factory.mktemp("blocks") / "design"
    bundle.write(folder)
    return bundle, said, folder


def rows(bundle):
    return {(row["name"], row["task"]): row for row in bundle.facts["blocks"]}


def test_the_list_of_a_template_build():
    found = listed(ARCH, SPEC).facts["blocks"]
    leaves = leaf_blocks(ARCH, SPEC)
    assert [row["name"] for row in found] == [leaf.module for leaf in leaves]
    assert len({row["name"] for row in found if row["eligible"]}) >= 12
    for row in found:
        assert row["source"] in ("rtl", "template")
        assert (row["tries"], row["assurance"], row["verbatim"]) == (0, "", False)
        assert row["eligible"] != bool(row["reason"])
    assert listed(ARCH, SPEC).modules == ARCH.emit(SPEC).modules


def test_right_candidates_are_inside_and_named_after_their_text(design):
    bundle, said, folder = design
    found = {row["name"]: row for row in bundle.facts["blocks"] if row["source"] == "model"}
    assert set(found) == set(TEXTS)
    assert written_blocks(bundle.facts["blocks"]) == len(TEXTS) == 6
    inside = {i.module for i in instances({m.name: m.text for m in bundle.modules}, bundle.top)}
    for name, row in found.items():
        assert row["module"].startswith(f"{name}_")
        assert len(row["module"]) == len(name) + 9
        assert row["module"] in inside
        assert row["assurance"] == "proved"
        assert 10 <= row["cells"] <= 1.1 * row["replaced_cells"]
        assert row["tries"] == 4
        assert not row["verbatim"]
        assert not row["as_reference"]
        assert f"module {row['module']} " in (folder / row["file"]).read_text()
    assert json.loads((folder / "manifest.json").read_text())["blocks"] == bundle.facts["blocks"]
    assert len(said) == sum(row["eligible"] for row in bundle.facts["blocks"])


def test_hostile_and_wrong_candidates_fall_back_to_the_template(design):
    bundle, _, folder = design
    plain = {m.name: m.text for m in ARCH.emit(SPEC).modules}
    for row in bundle.facts["blocks"]:
        if row["source"] != "model":
            text = (folder / row["file"]).read_text()
            assert text == plain[row["name"]]
            assert row["reason"]
    refused = rows(bundle)["n3h_bank_load_x", "n3h/n3h_bank_load_x"]
    assert refused["tries"] == 4
    assert refused["reason"] == (
        "2: the source uses a construct that synthesisable modules do not need; 1: the source is"
        " not text; 1: the module that the task asks for is not defined exactly once"
    )
    assert rows(bundle)["hw_requant", "n3h/hw_requant:ACC_W=32"]["reason"] == "nothing was written"


def test_only_proofs_of_small_blocks_in_the_right_language_count():
    """Each wrong one alone, so that nothing better hides it."""

    def writer(task, count):
        if task.spec.module == "hw_popcount":
            return [HARD["hw_popcount"], task.reference]
        return [text] if (text := WRONG.get(task.spec.module)) else []

    found = with_blocks(ARCH, SPEC, writer, ONCE, silent)
    reasons = {row["name"]: row["reason"] for row in found.facts["blocks"] if row["tries"]}
    assert reasons == {
        "hw_popcount": "1: right in all tests, but not proved; "
        "1: proved, but larger than 1.1 times the block it replaces",
        "n3h_store_addr": "1: the ports differ from those that the task asks for",
        "hw_token": "1: an output differs from the expected value",
        "n3h_fill_swap": "1: a proof found inputs for which an output is wrong",
        "n3h_watchdog": "proved, but no Verilog-2005, which is the language of the emitted files",
    }
    assert written_blocks(found.facts["blocks"]) == 0
    assert found.modules == ARCH.emit(SPEC).modules


def test_the_smallest_candidate_is_taken_and_verbatim_text_is_said():
    plain = {m.name: m.text for m in ARCH.emit(SPEC).modules}
    given = {
        "hw_token": [plain["hw_token"], TEXTS["hw_token"]],
        "n3h_fill_swap": [plain["n3h_fill_swap"]],
    }

    def writer(task, count):
        if task.spec.module == "n3h_fill_turn":
            return [task.reference]
        return given.get(task.spec.module, ())

    bundle = with_blocks(ARCH, SPEC, writer, ONCE, silent)
    found = {row["name"]: row for row in bundle.facts["blocks"] if row["source"] == "model"}
    assert set(found) == {"hw_token", "n3h_fill_swap", "n3h_fill_turn"}
    assert found["hw_token"]["cells"] < found["hw_token"]["replaced_cells"]
    assert [found[n]["verbatim"] for n in sorted(found)] == [False, True, False]
    assert [found[n]["as_reference"] for n in sorted(found)] == [False, False, True]


def test_what_a_models_block_held_is_not_written_again():
    leaves = {leaf.module: leaf for leaf in leaf_blocks(ARCH, SPEC) if leaf.eligible}
    design = Design(ARCH.emit(SPEC))
    assert design.holds(leaves["hw_popcount"])
    design.paths += leaves["n3h_dpu"].instances[1:]
    assert design.holds(leaves["hw_popcount"])
    design.paths += leaves["n3h_dpu"].instances[:1]
    assert not design.holds(leaves["hw_popcount"])
    assert design.holds(leaves["n3h_dpu"])


def test_no_module_name_of_a_candidate_meets_one_of_the_design():
    text = (
        "module hw_token (input a); hw_fifo u (a); wire hw_fifo; endmodule\n"
        "module hw_fifo (input b); endmodule\n"
    )
    part = written("hw_token", text, {"MAX": 63}, (), "")
    assert part.text == text.replace("module hw_token", f"module {part.name}").replace(
        "hw_fifo u", f"{part.name}_hw_fifo u"
    ).replace("module hw_fifo", f"module {part.name}_hw_fifo")


def test_tools_have_nothing_to_say(design):
    folder = design[2]
    icarus = ["iverilog", "-g2005", "-Wall", "-s", "n3h_top", "-t", "null", "-f", "rtl.f"]
    done = subprocess.run(icarus, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    try:
        tool = find_verilator()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    lint = [tool.program, "--lint-only", "-Wall", "--default-language", "1364-2005"]
    done = subprocess.run(
        [*lint, "--top-module", "n3h_top", "-f", "rtl.f"], cwd=folder, capture_output=True,
        text=True, check=False, env={**os.environ, **tool.env},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("said", ["models", "template:x", "rtl"])
def test_other_words_than_template_and_model_are_refused(said):
    with pytest.raises(UsageError, match=f"--blocks {said} is not usable"):
        emitted(ARCH, SPEC, said, 1, 0)


def test_nothing_is_listed_unless_asked(tmp_path):
    bundle = emitted(ARCH, SPEC, "", 1, 0)
    assert "blocks" not in bundle.facts
    bundle.write(tmp_path / "out")
    assert "blocks" not in read_manifest(tmp_path / "out")
    assert len(emitted(ARCH, SPEC, "template", 1, 0).facts["blocks"]) == len(
        leaf_blocks(ARCH, SPEC)
    )


@pytest.mark.parametrize(
    ("text", "is_2005"),
    [
        ("assign b = {a, a} <= 2'b10 & ~|a;", True),
        ("reg t; always @* begin t = a; end assign b = t;", True),
        ("wire c; same u (.a(a), .b(c)); assign b = c;", True),
        ("logic t; assign b = a;", False),
        ("reg [3:0] t; always @* t = '0; assign b = t[0];", False),
        ("reg [3:0] t; always @* begin t = 4'd0; t += a; end assign b = t[0];", False),
        ("integer i; reg t; always @* for (i = 0; i < 2; i++) t = a; assign b = t;", False),
        ("same u (.a, .b(b));", False),
        ("same u (.*);", False),
        ("reg t; always_comb t = a; assign b = t;", False),
        ("assign b = c;\nendmodule\nmodule d (", False),
    ],
)
def test_the_language_of_emitted_files(text, is_2005):
    text = f"module m (input a, output b); {text} endmodule\n"
    other = "module same (input a, output b); assign b = a; endmodule\n"
    assert is_verilog_2005(text, {"rtl/m.v": text, "rtl/same.v": other}, "m") is is_2005
