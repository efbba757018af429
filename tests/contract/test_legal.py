"""The emitted check of legality and `isa.decode` refuse the same words."""

import random
import shutil
import subprocess

import pytest

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.queues import legality

BENCH = """`timescale 1ns / 1ps
module bench;
    reg [127:0] words [0:{last}];
    reg [127:0] word;
    wire legal;
    integer i;
    n3h_legal dut (.word(word), .legal(legal));
    initial begin
        $readmemh("words.hex", words);
        for (i = 0; i <= {last}; i = i + 1) begin
            word = words[i];
            #1 $write("%b", legal);
        end
        $finish;
    end
endmodule
"""


def is_legal(word: int) -> bool:
    try:
        isa.decode(word)
    except ValueError:
        return False
    return True


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="no Icarus Verilog")
def test_hardware_and_decoder_agree(tmp_path):
    rng = random.Random(3)
    headers = [h << isa.PAYLOAD_BITS | rng.getrandbits(isa.PAYLOAD_BITS) for h in range(1 << 16)]
    registers = []
    for engine in isa.ENGINES:
        head = isa.pack_fields(
            isa.HEADER,
            {"op": 6, "eng": engine & 7, "unit": engine >> 3, "irq": 0, "post": 0, "wait": 0},
        )
        for reg in range(256):
            payload = isa.pack_fields(isa.CFG, {"reg": reg, "data": rng.getrandbits(96)})
            registers.append(head << isa.PAYLOAD_BITS | payload)
    words = headers + registers
    expected = "".join("01"[is_legal(word)] for word in words)
    assert expected.count("1") > 1000
    (tmp_path / "words.hex").write_text("".join(f"{word:032x}\n" for word in words))
    (tmp_path / "bench.v").write_text(BENCH.format(last=len(words) - 1))
    (tmp_path / "legal.v").write_text(legality("n3h", "0" * 16).text)
    build = ["iverilog", "-g2005", "-o", "bench", "bench.v", "legal.v"]
    subprocess.run(build, cwd=tmp_path, check=True)
    run = subprocess.run(["vvp", "-n", "bench"], cwd=tmp_path, check=True, capture_output=True)
    assert run.stdout.decode().strip() == expected
