"""The cases that the top's bench runs use every feature that a program can have."""

import random

import pytest

from hwgen.archs.n3h import isa
from hwgen.archs.n3h.build import CASE_SEEDS
from hwgen.archs.n3h.cases import random_case, random_network
from hwgen.archs.n3h.isa import Engine, Op
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import QNet

LAYERS = {
    *("groups", "dilation", "pad", "input zero point", "several passes"),
    *("signed residual", "unsigned residual", "maximum", "average", "padded maximum"),
    *("padded average", "padding counted", "overlapping windows"),
    *("all on DSP", "all on LUT", "both cores"),
    *(f"{sign} {what}" for sign in ("signed", "unsigned") for what in ("inputs", "weights")),
}
WORDS = {
    *("keep", "merged", "not merged", "several chunks", "channel slice", "no LUT", "no DSP"),
    *("4-bit DSP weights", "8-bit DSP weights", "LUT column tiles", "DSP column tiles"),
    *("segments stored", "segments loaded"),
    *(f"{tensor} of {1 << c} bits" for c in range(4) for tensor in ("input", "residual", "output")),
    *(f"{engine.name} {op.name}" for engine, op in isa.LEGAL_OPS.items()),
}


def of_layers(net: QNet, program: Program) -> set[str]:
    found = set()
    for layer, row in zip(net.layers, program.layers, strict=True):
        sign = {False: "unsigned", True: "signed"}
        features = {
            "groups": layer.groups > 1,
            "dilation": max(layer.dilation) > 1,
            "pad": any(layer.pad),
            "input zero point": layer.zin != 0,
            "several passes": row.passes > 1,
            "all on DSP": row.n_lut == 0,
            "all on LUT": row.n_lut == row.n,
            "both cores": 0 < row.n_lut < row.n,
            f"{sign[net.tensors[layer.x].quant.signed]} inputs": True,
            f"{sign[layer.w_signed]} weights": True,
        }
        if layer.residual:
            features[f"{sign[net.tensors[layer.residual.tensor].quant.signed]} residual"] = True
        if pool := layer.pool:
            kind = {"max": "maximum", "avg": "average"}[pool.mode]
            features[kind] = max(pool.kernel) > 1
            features[f"padded {kind}"] = any(pool.pad)
            features["padding counted"] = pool.count_pad and any(pool.pad)
            features["overlapping windows"] = pool.kernel[0] > pool.stride[0]
        found |= {name for name, true in features.items() if true}
    return found


def of_words(program: Program) -> set[str]:
    found, banks = set(), {}
    for i in map(isa.decode, program.words):
        f = i.fields
        if i.op is Op.CFG:
            banks[i.engine, i.reg] = f
            continue
        bank = banks.get((i.engine, 0), {})
        features = {f"{i.engine.name} {i.op.name}": True}
        if i.engine is Engine.FILL:
            features |= {
                "keep": f["keep"],
                "merged": bank["merged"],
                "not merged": not bank["merged"],
                "several chunks": f["k_chunks"] > 1,
                "channel slice": banks[Engine.FILL, 1]["base_bits"],
                "no LUT": not f["use_l"],
                "no DSP": not f["use_d"],
                f"input of {1 << bank['cont']} bits": True,
            }
        elif i.op is Op.GEMM_L:
            features["LUT column tiles"] = f["n_tiles"] > 1
        elif i.op is Op.GEMM_D:
            features["DSP column tiles"] = f["n_tiles"] > 1
            features[f"{8 if f['w8'] else 4}-bit DSP weights"] = True
        elif i.op is Op.STORE:
            features["segments stored"] = f["segs"] > 1
            features[f"output of {1 << f['cont']} bits"] = True
        elif i.engine is Engine.LOAD_R:
            features["segments loaded"] = bank["segs"] > 1
            features[f"residual of {1 << bank['cont']} bits"] = True
        found |= {name for name, true in features.items() if true}
    return found


@pytest.mark.parametrize("preset", ["tiny", "z7020"])
def test_every_feature_is_used(preset):
    spec = N3hSpec.preset(preset)
    layers, words = set(), set()
    for seed in CASE_SEEDS:
        net = random_network(random.Random(seed), 2)
        program = lower(net, spec)
        layers |= of_layers(net, program)
        words |= of_words(program)
    assert layers >= LAYERS, LAYERS - layers
    assert words >= WORDS, WORDS - words


def test_a_case_is_the_program_of_its_seed():
    spec = N3hSpec.preset("tiny")
    seed = CASE_SEEDS[0]
    files = random_case("it", spec, seed)
    program = lower(random_network(random.Random(seed), 2), spec)
    assert files["it/program.bin"] == b"".join(w.to_bytes(16, "little") for w in program.words)
