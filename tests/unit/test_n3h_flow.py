"""Programs flow to their end on finite queues and rings, whatever order the engines work in."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from n3h_flow import QUEUE, Plant, StuckError
from n3h_nets import design, random_network

from hwgen.archs.n3h.lower import lower, plan_network
from hwgen.archs.n3h.plan import needs
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.spec import Buffers, N3hSpec
from hwgen.errors import UsageError
from hwgen.net.ir import QNet

DESIGNS = ("tiny", "z7020", "wide-bus", "narrow-ring")


def shrunk(spec: N3hSpec, net: QNet, **less: int) -> N3hSpec:
    """`spec` with buffers of exactly the words that the plan of `net` asks for, minus `less`."""
    need: Counter[str] = Counter()
    for plan in plan_network(net, spec, {})[0]:
        for p in plan.passes:
            need |= Counter(needs(spec, plan.conv, plan.g, plan.x.bits, p))
    depths = {name: max(1, need[name]) - less.get(name, 0) for name in Buffers.model_fields}
    return spec.model_copy(update={"buffers": Buffers.model_construct(**depths)})


def cases(count: int) -> list[tuple[int, N3hSpec, QNet, Program]]:
    """Networks with the smallest buffers that the compiler accepts for them."""
    found = []
    for seed in range(count):
        net = random_network(np.random.default_rng([7, seed]), 1 + seed % 4)
        try:
            spec = shrunk(design(DESIGNS[seed % len(DESIGNS)]), net)
            found.append((seed, spec, net, lower(net, spec)))
        except UsageError:
            continue
    return found


def test_the_smallest_buffers_are_enough() -> None:
    ran = cases(120)
    assert len(ran) > 110
    for seed, spec, _, program in ran:
        plant = Plant(program.words, spec)
        plant.run(random.Random(seed))
        assert not any(plant.tokens.values())
        assert max(plant.most.values()) <= QUEUE


@pytest.mark.parametrize("buffer", ["raw", "ring", "collector", "residual"])
def test_one_word_less_is_not(buffer: str) -> None:
    stuck = 0
    for seed, spec, net, program in cases(40):
        if getattr(spec.buffers, buffer) < 2:
            continue
        try:
            Plant(program.words, shrunk(spec, net, **{buffer: 1})).run(random.Random(seed))
        except StuckError:
            stuck += 1
    assert stuck >= 5
