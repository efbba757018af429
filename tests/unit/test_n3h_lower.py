"""Bytes and words of compiled programs, and program folders on disk."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from n3h_nets import conv_layer, design, network, random_codes, random_network

from hwgen.archs.n3h import golden, isa, isasim
from hwgen.archs.n3h.isa import Engine, Op
from hwgen.archs.n3h.layout import dsp_image, lut_image, parameter_image, place
from hwgen.archs.n3h.lower import lower, plan_network
from hwgen.archs.n3h.program import Program, check_design, load_program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import HwgenError, UsageError
from hwgen.net.ir import QNet, Quant, Tensor


def bits(data: bytes) -> str:
    """Bit i of the data at index i."""
    return "".join(f"{byte:08b}"[::-1] for byte in data)


def field(data: bytes, at: int, width: int) -> int:
    return int(bits(data)[at : at + width][::-1], 2)


def test_lut_weight_words() -> None:
    """docs/n3h.md: address (nt*k_chunks + kc)*w_bits + p, column n at bit n*DK: plane p."""
    spec = design("tiny")  # dk 64, dn 4
    rng = np.random.default_rng(0)
    weights = rng.integers(-4, 4, (6, 130))
    data = bits(lut_image(spec, weights, 3))
    assert len(data) == 2 * 3 * 3 * 256
    for n, k, p in [(0, 0, 0), (3, 63, 2), (4, 64, 1), (5, 129, 0), (5, 129, 2), (1, 100, 1)]:
        word = (n // 4 * 3 + k // 64) * 3 + p
        expected = (int(weights[n, k]) >> p) & 1
        assert data[word * 256 + n % 4 * 64 + k % 64] == str(expected)
    assert data.count("1") == sum(f"{w & 7:b}".count("1") for w in weights.ravel().tolist())


@pytest.mark.parametrize("wide", [False, True])
def test_dsp_weight_words(wide: bool) -> None:
    """w8: byte o*PIN + i of word nt*k_steps + ks; w4: the even step low, the odd step high."""
    spec = design("tiny")  # pin 8, pout 4
    limit = 128 if wide else 8
    weights = np.random.default_rng(1).integers(-limit, limit, (7, 20))
    data = dsp_image(spec, weights, wide)
    assert len(data) == 2 * (3 if wide else 2) * 32
    for n in range(7):
        for k in range(20):
            step, lane = k // 8, n % 4 * 8 + k % 8
            if wide:
                at, width = (n // 4 * 3 + step) * 256 + lane * 8, 8
            else:
                at, width = (n // 4 * 2 + step // 2) * 256 + step % 2 * 128 + lane * 4, 4
            assert field(data, at, width) == int(weights[n, k]) & ((1 << width) - 1)


def test_parameter_words() -> None:
    spec = design("z7020")  # 8 lanes
    bias, mul = np.array([-1, 5, 1 << 30]), np.array([65535, 32768, 40000])
    data = parameter_image(spec, 2, bias, mul, np.array([1, 47, 30]), np.array([0, 31, 7]))
    assert len(data) == 2 * 8 * 8
    lanes = [data[8 * i : 8 * i + 8] for i in range(16)]
    assert [field(lanes[0], at, w) for at, w in ((0, 32), (32, 16), (48, 6), (54, 5), (59, 5))] == [
        0xFFFFFFFF, 65535, 1, 0, 0,
    ]  # fmt: skip
    assert [field(lanes[1], at, w) for at, w in ((0, 32), (48, 6), (54, 5))] == [5, 47, 31]
    assert lanes[3:] == [(1 << 48).to_bytes(8, "little")] * 13  # bias 0, mul 0, shift 1


def test_tensor_rows_are_whole_beats() -> None:
    t = place(Tensor("t", 2, 3, 5, Quant(1.0, 0, 3, True)), 64, 8, 64)
    assert (t.container, t.row_bytes, t.nbytes, t.pixel_bits) == (4, 16, 32, 32)
    codes = np.arange(30).reshape(2, 3, 5) % 8 - 4
    data = t.pack(codes)
    assert data[:4] == bytes([0xDC, 0xFE, 0x00, 0x00])  # -4 -3 -2 -1 0, three pad channels
    assert data[12:16] == bytes(4)
    np.testing.assert_array_equal(t.unpack(data), codes)
    for wrong, message in (
        (codes[:1], "t is 2 x 3 x 5, not 1 x 3 x 5"),
        (codes + 8, r"codes 4..11 of t are outside -4..3"),
    ):
        with pytest.raises(ValueError, match=message):
            t.pack(wrong)


def sample(depth: int = 4, seed: int = 3) -> tuple[QNet, Program]:
    net = random_network(np.random.default_rng(seed), depth)
    return net, lower(net, design("tiny"))


def test_registers_are_written_when_they_change_only() -> None:
    rng, quant = np.random.default_rng(0), Quant(1.0, 0, 4, False)
    x = Tensor("x", 6, 6, 8, quant)
    layers = []
    for index in range(3):
        source = layers[-1][1] if layers else x
        layers.append(conv_layer(rng, source, name=f"l{index}", n=8, quant=quant))
    program = lower(network(x, layers), design("tiny"))
    decoded = [isa.decode(word) for word in program.words]
    tags = Counter(d.engine for d in decoded if d.op is Op.CFG and d.reg == isa.TAG_REGISTER)
    used = {Engine(d.engine) for d in decoded if d.op not in (Op.CFG, Op.HALT)}
    assert tags == dict.fromkeys(used, 3)
    assert [d.fields["tag"] for d in decoded if d.reg == isa.TAG_REGISTER and
            d.engine is Engine.FILL] == [1, 2, 3]  # fmt: skip
    others = Counter(d.engine for d in decoded if d.op is Op.CFG and d.reg != isa.TAG_REGISTER)
    assert others[Engine.FILL] == 3
    assert others[Engine.LOAD_X] == 1
    assert others[Engine.STORE] == 2
    assert decoded[-1].op is Op.HALT
    assert decoded[-1].irq


def test_weights_are_loaded_ahead() -> None:
    _, program = sample()
    decoded = [isa.decode(word) for word in program.words]
    fills = [i for i, d in enumerate(decoded) if d.engine is Engine.FILL and d.op is Op.LOAD]
    loads = [i for i, d in enumerate(decoded) if d.engine is Engine.LOAD_W and d.op is Op.LOAD]
    assert sum(i < fills[0] for i in loads) >= 6  # three layers before the first computes
    assert max(loads) < fills[-1]


def test_regions_do_not_overlap() -> None:
    _, program = sample()
    memory = program.memory
    spans = [(t.base, t.base + t.nbytes) for t in memory.tensors.values()]
    spans.append((memory.weights_base, memory.weights_base + len(program.weights)))
    spans.append((memory.program_base, memory.program_base + 16 * len(program.words)))
    spans.sort()
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert spans[-1][1] <= memory.size == len(program.image())
    assert all(start % 4096 == 0 for start, _ in spans)


def test_kernels_over_tall_maps_read_them_as_one_row() -> None:
    """A fully connected layer behind a 20 x 3 map: 20 kernel rows do not fit the instruction."""
    rng = np.random.default_rng(0)
    for c in (3, 64):
        x = Tensor("x", 20, 3, c, Quant(1.0, 2, 4, False))
        a, ya = conv_layer(rng, x, name="a", n=c, quant=x.quant)
        b, yb = conv_layer(rng, ya, name="b", n=5, kernel=(20, 3))
        net = network(x, [(a, ya), (b, yb)])
        plans, tensors = plan_network(net, design("tiny"), {})
        assert (plans[1].g.in_h, plans[1].g.in_w, plans[1].g.k_w) == (1, 60, 60)
        assert tensors[ya.name].pixel_bits % 64 == 0
        codes = random_codes(rng, x)
        found = isasim.run(lower(net, design("tiny")), codes)
        np.testing.assert_array_equal(found[yb.name], golden.run_network(net, codes)[yb.name])


def test_same_network_same_bytes() -> None:
    assert sample()[1].files() == sample()[1].files()


def test_folder_round_trip(tmp_path: Path) -> None:
    net, program = sample()
    program.write(tmp_path / "deep" / "prog")
    again = load_program(tmp_path / "deep" / "prog")
    assert again == program
    codes = random_codes(np.random.default_rng(0), net.input)
    found = isasim.run(again, codes)[net.output.name]
    np.testing.assert_array_equal(found, golden.run_network(net, codes)[net.output.name])
    assert again.mismatches(net) == []
    program.write(tmp_path / "deep" / "prog")  # its own folder may be replaced
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["prog"]
    row = json.loads((tmp_path / "deep/prog/layers.json").read_bytes())[0]
    names = "name tag nodes m k n n_lut a_bits w_bits passes macs estimate"
    assert " ".join(row) == names


def refusal(folder: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load_program(folder)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(folder), "PROG")


def test_damaged_and_foreign_folders_are_refused(tmp_path: Path) -> None:
    _, program = sample()
    good, bad = tmp_path / "good", tmp_path / "bad"
    program.write(good)

    def damaged() -> Path:
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good, bad)
        return bad

    assert refusal(tmp_path) == (
        "error: PROG is no program folder\n  it holds no program.json\n"
        "  fix: make one: hwgen compile NET.onnx --arch n3h -o PROG"
    )
    damage = {
        "weights.bin is not the file that was written": lambda: (bad / "weights.bin").write_bytes(
            b"x" * len(program.weights)
        ),
        "program.bin is missing": lambda: (bad / "program.bin").unlink(),
        "program.json cannot be read": lambda: (bad / "program.json").write_text("{"),
    }
    for why, spoil in damage.items():
        damaged()
        spoil()
        assert refusal(bad) == (
            f"error: the program folder PROG is damaged: {why}\n"
            "  every file must be the one that program.json lists\n"
            "  fix: compile the network again"
        )
    head = json.loads((good / "program.json").read_bytes())
    for change, words in (
        ({"schema_version": 2}, "is a program of arch 'n3h', version 2"),
        ({"arch": "other"}, "is a program of arch 'other', version 1"),
        ({"spec_digest": "0" * 64}, "its specification was changed: stored 0000"),
        ({"spec": {"lut_core": {"dk": 3}}}, "lut_core.dk = 3 is not usable"),
        ({"files": []}, "memory.json? is missing|layers.json is missing"),
    ):
        (damaged() / "program.json").write_text(json.dumps({**head, **change}))
        assert any(w in refusal(bad) for w in words.split("|")), change


def test_another_design_is_refused() -> None:
    _, program = sample()
    own, other = program.spec.digest(), design("z7020").digest()
    check_design(program, own, "DIR")
    with pytest.raises(UsageError) as caught:
        check_design(program, other, "DIR")
    assert str(caught.value) == (
        "error: the program was compiled for another design than DIR\n"
        f"  specification of the program {own}, of DIR {other}\n"
        "  fix: compile again: hwgen compile NET.onnx --build DIR -o PROG"
    )


def test_foreign_targets_are_left_alone(tmp_path: Path) -> None:
    _, program = sample()
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError) as caught:
        program.write(target)
    assert str(caught.value) == (
        f"error: {target} holds files that hwgen did not put there: thesis.txt\n"
        "  only a program folder is replaced\n"
        "  fix: choose another folder, or move these files away"
    )
    assert [p.name for p in tmp_path.rglob("*")] == ["mine", "thesis.txt"]
    with pytest.raises(UsageError, match="is a file"):
        program.write(target / "thesis.txt")


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, program = sample()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(HwgenError, match="the disk is full") as caught:
        program.write(tmp_path / "prog")
    assert caught.value.exit_code == 4
    assert list(tmp_path.iterdir()) == []


def test_estimates_are_the_formulas() -> None:
    """128 -> 128, 28 x 28, 3 x 3, W4A4 on z7020, by hand from docs/n3h.md."""
    rng, quant = np.random.default_rng(0), Quant(1.0, 0, 4, False)
    x = Tensor("x", 28, 28, 128, quant)
    layer = conv_layer(rng, x, name="c", n=128, kernel=(3, 3), pad=(1, 1, 1, 1), quant=quant)
    (row,) = lower(network(x, [layer]), N3hSpec.preset("z7020"), {"c": 112}).layers
    e = row.estimate
    assert e["lut"] == 98 * 7 * 9 * 16
    assert e["dsp"] == 784 * 2 * 72
    assert e["post"] == e["store"] == 784 * 16
    assert e["fill"] == 784 * 9 * 4
    assert e["dma"] == 2 * 28 * 28 * 128 * 4 // 64 + 252 * 32 + 72 * 16 + 16 * 8
    assert (e["bound"], e["roofline"], e["cycles"]) == ("dsp", e["dsp"], e["dsp"] + e["start_up"])
    assert row.macs == 784 * 1152 * 128
