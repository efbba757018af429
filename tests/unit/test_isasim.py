"""The ISA simulator runs compiled programs as the integer model does, and refuses bad ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from n3h_nets import conv_layer, design, network, random_codes, random_network, random_quant

from hwgen.archs.n3h import golden, isa, isasim
from hwgen.archs.n3h.isa import Engine, Op
from hwgen.archs.n3h.lower import lower, plan_network
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import UsageError
from hwgen.net.ir import QNet, Quant, Tensor

DESIGNS = ("tiny", "z7020", "wide-bus", "narrow-ring")


def compare(net: QNet, program: Program, rng: np.random.Generator) -> None:
    codes = random_codes(rng, net.input)
    wanted, found = golden.run_network(net, codes), isasim.run(program, codes)
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize("name", DESIGNS)
def test_random_networks_equal_the_model(name: str, depth: int) -> None:
    spec, ran = design(name), 0
    for seed in range(120 if depth == 1 else 40):
        rng = np.random.default_rng([seed, depth])
        net = random_network(rng, depth)
        odd = {layer.name: int(rng.integers(0, layer.n + 1)) for layer in net.layers}
        try:
            program = lower(net, spec, ["auto", "lut", "dsp", odd][int(rng.integers(4))])
        except UsageError:
            continue
        compare(net, program, rng)
        ran += 1
    assert ran >= (114 if depth == 1 else 34)


def test_all_bit_pairs_and_signs() -> None:
    spec = design("tiny")
    for a_bits in range(1, 9):
        for w_bits in range(1, 9):
            for signs in range(4):
                rng = np.random.default_rng([a_bits, w_bits, signs])
                lo = -(1 << (a_bits - 1)) if signs & 1 else 0
                zero = int(rng.integers(lo, lo + (1 << a_bits)))
                x = Tensor("x", 3, 3, 5, Quant(1.0, zero, a_bits, bool(signs & 1)))
                layer = conv_layer(
                    rng, x, name="c", n=9, kernel=(2, 3), pad=(1, 1, 0, 1), w_bits=w_bits,
                    w_signed=bool(signs & 2),
                )  # fmt: skip
                net = network(x, [layer])
                compare(net, lower(net, spec, {"c": 1 + (a_bits + w_bits) % 8}), rng)


def wide_layers(rng: np.random.Generator, h: int, c: int, n: int) -> QNet:
    """Three layers, the second with a residual and the third with pooling, n channels each."""
    quant = Quant(1.0, 3, 4, False)
    x = Tensor("x", h, h, c, random_quant(rng, 4))
    pad = (1, 1, 1, 1)
    a, ya = conv_layer(rng, x, name="a", n=n, kernel=(3, 3), pad=pad, w_bits=3, quant=quant)
    b, yb = conv_layer(
        rng, ya, name="b", n=n, kernel=(3, 3), pad=pad, w_bits=5, quant=quant, residual=ya
    )
    p, yp = conv_layer(rng, yb, name="p", n=n, stride=(2, 2), quant=quant, residual=None,
                       pool="avg")  # fmt: skip
    return network(x, [(a, ya), (b, yb), (p, yp)])


@pytest.mark.parametrize(("h", "keep"), [(6, True), (16, False)])
def test_several_passes_keep_or_reload_the_map(h: int, keep: bool) -> None:
    small = {"ring": 512, "lut_weights": 512, "dsp_weights": 512, "raw": 512, "collector": 2048}
    spec = N3hSpec.from_data({"buffers": small})
    rng = np.random.default_rng(h)
    net = wide_layers(rng, h, 32, 96)
    plans, tensors = plan_network(net, spec, {})
    assert plans[1].sliced
    assert plans[1].keep is keep
    assert plans[1].loads == (1 if keep else len(plans[1].passes))
    assert {tensors[plan.conv.y].pixel_bits % 64 for plan in plans} == {0}
    program = lower(net, spec)
    compare(net, program, rng)
    segments = [d.fields["segs"] for d in map(isa.decode, program.words) if d.op is Op.STORE]
    assert max(segments) == h  # one per pixel


def test_a_residual_of_another_container_is_sliced_too() -> None:
    spec, rng = design("tiny"), np.random.default_rng(5)
    x = Tensor("x", 5, 5, 40, Quant(1.0, 0, 8, True))
    wide, y0 = conv_layer(rng, x, name="a", n=128, quant=Quant(1.0, 2, 2, False))
    tail, y1 = conv_layer(
        rng, y0, name="b", n=128, kernel=(3, 3), pad=(1, 1, 1, 1), w_bits=8, residual=y0,
        quant=Quant(1.0, -3, 8, True),
    )  # fmt: skip
    net = network(x, [(wide, y0), (tail, replace(y1))])
    plans, _ = plan_network(net, spec, {})
    assert plans[1].sliced
    compare(net, lower(net, spec, {"b": 37}), rng)


def sample() -> tuple[QNet, Program]:
    """A program with every kind of token: several passes, residual, buffers that wrap."""
    small = {"lut_weights": 512, "dsp_weights": 512, "parameters": 512}
    spec = N3hSpec.from_data({"buffers": small})
    net = wide_layers(np.random.default_rng(1), 6, 32, 96)
    return net, lower(net, spec)


def edges(program: Program) -> dict[tuple[Engine, Engine], tuple[list[int], list[int]]]:
    """Words that post and that wait, by edge, in order."""
    found: dict[tuple[Engine, Engine], tuple[list[int], list[int]]] = {}
    for index, word in enumerate(program.words):
        d = isa.decode(word)
        for sink in d.post:
            found.setdefault((d.engine, sink), ([], []))[0].append(index)
        for source in d.wait:
            found.setdefault((source, d.engine), ([], []))[1].append(index)
    return found


def without(program: Program, index: int, **less: Engine) -> list[int]:
    """The words with one token of word `index` left out."""
    words = list(program.words)
    d = isa.decode(words[index])
    for side, engine in less.items():
        d = replace(d, **{side: tuple(e for e in getattr(d, side) if e is not engine)})
    words[index] = d.encode()
    return words


def test_every_token_is_needed_and_paired() -> None:
    net, program = sample()
    found = edges(program)
    assert {(Engine.GEMM_L, Engine.LOAD_W), (Engine.STORE, Engine.LOAD_R)} <= set(found)
    image = program.image()
    program.write_input(image, random_codes(np.random.default_rng(0), net.input))
    for (source, sink), (posts, waits) in found.items():
        assert len(posts) == len(waits)
        pairs = list(zip(posts, waits, strict=True))
        for post, wait in (pairs[0], pairs[-1]):
            for words in (
                without(program, post, post=sink),
                without(program, wait, wait=source),
                without(replace(program, words=without(program, post, post=sink)), wait,
                        wait=source),
            ):  # fmt: skip
                with pytest.raises(isasim.IsaError):
                    isasim.simulate(words, bytearray(image), program.spec)


def faulty(program: Program, engine: Engine, nth: int = 0, **fields: int) -> list[int]:
    """The words with fields of the nth working instruction of `engine` changed."""
    words = list(program.words)
    ops = (isa.LEGAL_OPS[engine],)
    at = [i for i, d in enumerate(map(isa.decode, words)) if d.engine is engine and d.op in ops]
    d = isa.decode(words[at[nth]])
    words[at[nth]] = replace(d, fields={**d.fields, **fields}).encode()
    return words


@pytest.mark.parametrize(
    ("engine", "fields", "sentence"),
    [
        (Engine.LOAD_X, {"dram": 4}, "address 0x4 is no multiple of the bus width"),
        (Engine.LOAD_X, {"y_cnt": 1}, "1 raw rows were loaded, the map has 6"),
        (Engine.LOAD_X, {"dram": 1 << 30}, "are beyond the memory"),
        (Engine.LOAD_W, {"dst": 3}, "destination 3 does not exist"),
        (Engine.FILL, {"k_chunks": 9}, "slot is not k_chunks * a_bits"),
        (Engine.FILL, {"use_l": 0}, "m_tiles does not cover 0 pixels"),
        (Engine.GEMM_L, {"a_bits_m1": 7}, "a_bits is not that of FILL"),
        (Engine.GEMM_L, {"w_base": 400}, "may read before LOAD_W has written"),
        (Engine.GEMM_D, {"pixels": 35}, "35 pixels, FILL made 36"),
        (Engine.POST_L, {"n_tiles": 0}, "a lane was written never or twice"),
        (Engine.POST_D, {"words": 8}, "words is not pixels * gpp"),
        (Engine.STORE, {"rows": 5}, "rows or out_w is not the map's"),
    ],
)  # fmt: skip
def test_wrong_programs_are_named(engine: Engine, fields: dict[str, int], sentence: str) -> None:
    _, program = sample()
    words = faulty(program, engine, **fields)
    with pytest.raises(isasim.IsaError, match=r"^error: word \d+ \(") as caught:
        isasim.simulate(words, program.image(), program.spec)
    assert sentence in str(caught.value)


def test_programs_that_do_not_end() -> None:
    _, program = sample()
    with pytest.raises(isasim.IsaError, match="ends without HALT"):
        isasim.simulate(program.words[:-1], program.image(), program.spec)
    with pytest.raises(isasim.IsaError, match="words follow HALT"):
        isasim.simulate([*program.words, 0], program.image(), program.spec)
    with pytest.raises(isasim.IsaError, match="unit 1 exists for POST only"):
        isasim.simulate([1 << 112], program.image(), program.spec)
    halt = [program.words[-1]]
    assert isasim.simulate(halt, bytearray(64), program.spec).executed == 0


def test_bytes_are_counted_by_layer_and_engine() -> None:
    net, program = sample()
    report = isasim.simulate(program.words, program.image(), program.spec)
    for index, row in enumerate(program.layers, 1):
        moved = sum(n for (tag, _), n in report.nbytes.items() if tag == index)
        assert moved == row.estimate["dma_bytes"], net.layers[index - 1].name
