"""Pages of runs and results, and the files of a run folder."""

import csv
import io
import json
from html.parser import HTMLParser

import pytest

from hwgen.cli.measured import verdict
from hwgen.cli.run import layers_csv
from hwgen.errors import UsageError
from hwgen.report.page import read_page, results_page, run_page

ENGINES = {
    "GEMM_L": {"run": 900, "wait": 10, "stall": 90},
    "STORE": {"run": 5, "wait": 0, "stall": 0},
}


def layer(**changes):
    return {
        "name": "conv<1>", "tag": 1, "nodes": ["Conv_0", "Relu_0"], "tensor": "y",
        "m": 64, "k": 9, "n": 16, "n_lut": 4, "a_bits": 8, "w_bits": 8, "passes": 1, "macs": 9216,
        "cycles": 1000, "ideal": 800, "bound": "lut", "peak_mac_per_cycle": 48.0,
        "utilisation": {"lut": 0.5, "dsp": 0.25}, "dma_bytes": 1152, "stalls": 90,
        "engines": ENGINES, "bit_exact": True, "mismatches": 0, "first_mismatch": "", **changes,
    }  # fmt: skip


def run_record(*layers, **changes):
    return {
        "schema": 1, "kind": "run", "arch": "n3h", "spec_digest": "ab" * 32,
        "network": {"name": "digits", "sha256": "cd" * 32}, "sim": "verilator", "tool": "V 5",
        "images": 2, "finished": 2, "bit_exact": True, "cycles": 1000,
        "cycles_per_image": [1000, 1000], "cycles_per_second": 250000, "macs": 9216,
        "bytes_per_cycle": 8, "counters": {}, "layers": list(layers) or [layer()], "not_run": {},
        **changes,
    }  # fmt: skip


TRACE = {
    "cycles": 1000, "bin": 100, "layers": [[1, 0, 1000]],
    "lanes": [{"engine": "GEMM_L", "run": [90] * 10, "stall": [10] * 10, "wait": [0] * 10}],
}  # fmt: skip


class Strict(HTMLParser):
    """Fails on tags that do not close in order, and on anything that would need a network."""

    VOID = ("meta", "br", "rect", "line", "circle")

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe")
        assert not {"src", "href", "onclick"} & {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def check(page):
    parser = Strict()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert "http" not in page.replace('aria-label="http', "")


def test_page_of_a_run():
    page = run_page(run_record(layer(), layer(name="fc", tag=2, bit_exact=False)), TRACE)
    check(page)
    for text in ("conv&lt;1&gt;", "64 x 9 x 16", "1,152", "50%", "900 / 10 / 90", "GEMM_L", "fc"):
        assert text in page
    assert '<span class="no">no</span>' in page


def test_page_of_a_run_without_a_clock_says_why():
    bare = layer(
        cycles=None, engines={}, stalls=None, bit_exact=None, utilisation={"lut": None, "dsp": None}
    )
    why = {"cycles": "the model has no clock", "bit_exact": "this is the model"}
    page = run_page(
        run_record(bare, bit_exact=None, cycles=None, cycles_per_second=None, not_run=why), None
    )
    check(page)
    assert page.count("not run: the model has no clock") == 2
    assert "this is the model" in page


def test_page_of_results():
    row = {
        "name": "cycles <z7020>", "value": 1234.5678, "unit": "cycles", "goal": "<= 2,000",
        "met": True, "peer": "N3H-Core: 4.18 M", "limit": None, "command": "hwgen run ...",
    }  # fmt: skip
    page = results_page({"tools": {"verilator": "5.048"}, "rows": [row]}, "digits")
    check(page)
    for text in ("cycles &lt;z7020&gt;", "1,235", "&lt;= 2,000", "5.048", "hwgen run ..."):
        assert text in page


def test_page_is_made_again_from_the_folder(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps(run_record()))
    (tmp_path / "timeline.json").write_text(json.dumps(TRACE))
    assert read_page(tmp_path) == run_page(run_record(), TRACE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no"),
        ("[1]", "no JSON object"),
        ("{", "cannot be read"),
        ("{}", "neither a run nor results"),
        ('{"kind": "run"}', "is damaged"),
        ('{"rows": [{}]}', "is damaged"),
    ],
)
def test_what_no_page_can_be_made_of(tmp_path, text, words):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(UsageError, match=words):
        read_page(tmp_path)


def test_csv_has_a_column_per_engine_and_state():
    rows = list(csv.DictReader(io.StringIO(layers_csv([layer(), layer(name="b")]))))
    assert [row["name"] for row in rows] == ["conv<1>", "b"]
    assert rows[0]["GEMM_L_stall"] == "90"
    assert rows[0]["utilisation_lut"] == "0.5"


def test_verdict_in_one_line():
    assert verdict(run_record()) == (
        "2 inputs, 1,000 cycles each, 9.2 MAC/cycle, simulated at 250,000 cycles/s, "
        "bit-exact with the integer model"
    )
    assert "NOT bit-exact" in verdict(run_record(bit_exact=False))
