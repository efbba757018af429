"""Random networks: the integer network against onnxruntime (QDQ) and qonnx (QONNX).

    python -m benchmarks.agreement [--nets 200] [--seed 0]

Every layer is given the other tool's own inputs; a convolution and an average of its codes count
as two layers. Each network is also compiled for the tiny preset (with deeper weight buffers) and
run by the simulator of the instruction set, which must equal the golden model. Writes
benchmarks/results/agreement.json.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from benchmarks._results import Row, table, tools, write
from benchmarks.random_layers import random_net
from benchmarks.random_nets import STYLES
from benchmarks.reference import Agreement, compare, onnxruntime_tensors, qonnx_tensors, stored
from hwgen.archs.n3h import golden, isasim
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.load import load_network
from hwgen.spec import overlay

PEERS = {"qdq": "onnxruntime", "qonnx": "qonnx"}
GOAL = 0.999
DEEP = {"buffers": {"lut_weights": 4096, "dsp_weights": 4096}}  # for long flattened maps
SPEC = N3hSpec.from_data(overlay(N3hSpec.preset_data("tiny"), DEEP))


@dataclass(frozen=True)
class Compared:
    """One network: its layers' agreement, and which of them folded a BatchNormalization.

    wrong: tensors of the compiled program that differ from the golden model.
    """

    style: str
    seed: int
    rows: tuple[Agreement, ...]
    normed: frozenset[str]
    features: frozenset[str]
    wrong: tuple[str, ...]


def compare_net(seed: int, style: str) -> Compared:
    """Import one random network, run it in both tools on one input, compare layer by layer."""
    drawn = random_net(seed, style)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{style}_{seed}.onnx"
        onnx.save(drawn.model, path)
        net = load_network(path)
    x = drawn.sample(np.random.default_rng(seed))
    run = onnxruntime_tensors if style == "qdq" else qonnx_tensors
    theirs = run(drawn.model, {"input": x}, list(stored(net)))
    normed = {
        layer.name
        for layer in net.layers
        if any(node.startswith("batchnormalization") for node in layer.nodes)
    }
    rows = tuple(compare(net, theirs, golden))
    codes = net.boundary.encode(x)
    machine = isasim.run(lower(net, SPEC), codes)
    model = golden.run_network(net, codes)
    wrong = tuple(name for name in model if not np.array_equal(model[name], machine[name]))
    return Compared(style, seed, rows, frozenset(normed), drawn.features, wrong)


def campaign(nets: int, seed: int) -> Iterator[Compared]:
    """`nets` networks of each notation."""
    for style in STYLES:
        for offset in range(nets):
            yield compare_net(seed + offset, style)


def share(rows: list[Agreement]) -> float:
    """Share of equal elements."""
    elements = sum(r.elements for r in rows)
    return 1 - sum(r.different for r in rows) / max(elements, 1)


def result_rows(found: list[Compared], command: str) -> list[Row]:
    """The figures of a campaign."""
    result = []
    for style, peer in PEERS.items():
        mine = [c for c in found if c.style == style]
        rows = [r for c in mine for r in c.rows]
        normed = [r for c in mine for r in c.rows if r.layer.split(".")[0] in c.normed]
        elements = f"{len(mine)} networks, {len(rows)} layers, {sum(r.elements for r in rows)}"
        limit = "1: exact real arithmetic; the peer itself computes in float32"
        equal, worst = share(rows), max(r.largest for r in rows)
        name = f"{style.upper()} against {peer}"
        reference = f"{peer}, the reference ({elements} elements)"
        result += [
            Row(
                f"{name}: equal elements, given equal inputs",
                round(equal, 6),
                "share",
                f">= {GOAL}",
                equal >= GOAL,
                reference,
                limit,
                command,
            ),
            Row(
                f"{name}: largest difference of a layer, given equal inputs",
                worst,
                "LSB",
                "<= 1",
                worst <= 1,
                reference,
                "0",
                command,
            ),
            Row(
                f"{name}: equal elements of layers with BatchNormalization alone",
                round(share(normed), 6),
                "share",
                None,
                None,
                f"{peer}, the reference ({sum(r.elements for r in normed)} elements)",
                "its bias is any real number, the hardware's a whole accumulator step",
                command,
            ),
        ]
    wrong = sum(len(c.wrong) for c in found)
    name = "compiled for tiny: tensors of the instruction-set simulator that differ from golden"
    result.append(Row(name, wrong, "tensors", "0", wrong == 0, "", "0", command))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--nets", type=int, default=200, help="networks per notation")
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    args = parser.parse_args()
    found = list(campaign(args.nets, args.seed))
    command = f"python -m benchmarks.agreement --nets {args.nets} --seed {args.seed}"
    rows = result_rows(found, command)
    print(table(rows))
    write("agreement", rows, tools("numpy", "onnx", "onnxruntime", "qonnx"))


if __name__ == "__main__":
    main()
