"""Random networks and products through the RTL, with and without memory stalls, bit for bit.

HWGEN_SEED=N draws others than those that every run draws; a failure names its seed.
"""

import os
import random

import pytest

from benchmarks.n3h_batch import Item, Model, Outcome
from hwgen.archs.n3h.cases import Gemm, gemm_network, random_codes, random_network
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import ToolMissing
from hwgen.verify.native import find_verilator

SEED = int(os.environ.get("HWGEN_SEED", "1"))
NETWORKS, PRODUCTS = 150, 48
STALLS = (0, 40, 128, 220)  # memory pauses in so many of 256 cycles


@pytest.fixture(scope="module")
def model() -> Model:
    try:
        find_verilator()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    return Model(N3hSpec.preset("tiny"))


def check(seeds: list[str], outcomes: list[Outcome]) -> None:
    """All bit-exact, without errors; the message repeats one that is not."""
    assert len(outcomes) == len(seeds)
    for seed, o in zip(seeds, outcomes, strict=True):
        said = (
            f"HWGEN_SEED={SEED}, {seed}, stalls {o.item.stall_level}: "
            f"{o.wrong} codes wrong, finished {o.finished}, error {o.error:#x}"
        )
        assert o.ok, said


def test_networks(model):
    """Each runs undisturbed and under one of the stall levels, which must cost cycles."""
    seeds, items = [], []
    for number in range(NETWORKS):
        rng = random.Random(f"{SEED} network {number}")
        net = random_network(rng, rng.randint(1, 3), 9)
        split = rng.choice(("auto", {layer.name: rng.randint(0, layer.n) for layer in net.layers}))
        codes = random_codes(rng, net.input)
        level = STALLS[1:][number % 3]
        for stall in (0, level):
            seeds.append(f"network {number}")
            items.append(Item(net, codes, split, stall, rng.randrange(1, 1 << 31)))
    outcomes = list(model.run(items))
    check(seeds, outcomes)
    calm, stalled = ([o.cycles for o in outcomes[at::2]] for at in (0, 1))
    assert sum(stalled) > 1.3 * sum(calm)


def test_products(model):
    """Ragged shapes; no, some and all filters on the LUT core; every third product of extremes."""
    seeds, items = [], []
    for number in range(PRODUCTS):
        rng = random.Random(f"{SEED} product {number}")
        n = rng.randint(1, 13)
        gemm = Gemm(
            m=rng.randint(1, 13),
            k=rng.randint(1, 150),
            n=n,
            a_bits=rng.randint(1, 8),
            w_bits=rng.randint(1, 8),
            a_signed=number % 2 == 0,
            w_signed=number % 4 < 2,
        )
        n_lut = (0, n, rng.randint(0, n))[number % 3]
        net = gemm_network(gemm, rng)
        codes = random_codes(rng, net.input)
        if number % 3 == 0:
            codes[:] = rng.choice((net.input.quant.lo, net.input.quant.hi))
        seeds.append(f"{gemm}, n_lut {n_lut}")
        items.append(Item(net, codes, {"gemm": n_lut}, rng.choice(STALLS), number + 1))
    check(seeds, list(model.run(items)))
