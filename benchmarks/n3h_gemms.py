"""Random matrix products through the whole accelerator over AXI, bit for bit.

    python -m benchmarks.n3h_gemms --count 10000 --icarus 1000 --seed 1

Every dimension exceeds its tile in half of the draws; bit widths, signs and the split between the
cores are uniform, with no and all filters on the LUT core in a sixth each. Verilator runs the
count, spread over the configurations; Icarus runs `--icarus` products on "tiny", four activation
matrices to a weight matrix.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks._results import Row, table, tools, write
from benchmarks.n3h_batch import Item, Model
from hwgen.archs.n3h import golden, host, icarus
from hwgen.archs.n3h.cases import Gemm, gemm_network, random_codes
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.emit.config import read_settings
from hwgen.spec import overlay
from hwgen.verify.tools import icarus_version

CONFIGURATIONS: dict[str, tuple[str, list[str]]] = {
    "tiny": ("tiny", []),
    "tiny-bus256": ("tiny", ["axi.data_w=256", "lut_core.dn=8", "dsp_core.pout=8"]),
    "tiny-dm2": ("tiny", ["lut_core.dm=2", "lut_core.dn=2"]),
    "tiny-dk256": (
        "tiny",
        ["lut_core.dm=2", "lut_core.dk=256", "lut_core.dn=6", "dsp_core.pin=32", "dsp_core.pout=6"],
    ),
    "tiny-dk512": ("tiny", ["lut_core.dm=2", "lut_core.dk=512", "lut_core.dn=2"]),
    "tiny-lanes4": ("tiny", ["post.lanes=4"]),
    "tiny-dn32": ("tiny", ["lut_core.dn=32", "post.lanes=2"]),
    "tiny-pin32": ("tiny", ["dsp_core.pin=32", "dsp_core.pout=16", "post.lanes=4"]),
    "tiny-dm16": ("tiny", ["lut_core.dm=16", "axi.data_w=128"]),
    "tiny-burst64": ("tiny", ["axi.burst=64", "axi.outstanding=4"]),
    "z7020": ("z7020", []),
    "z7020-bus128": ("z7020", ["axi.data_w=128"]),
}
BATCH = 50
OPERANDS = 4  # activation matrices per weight matrix on Icarus


def spec_of(name: str) -> N3hSpec:
    """The specification of a configuration."""
    preset, changes = CONFIGURATIONS[name]
    return N3hSpec.from_data(overlay(N3hSpec.preset_data(preset), read_settings(changes)))


def draw(rng: random.Random, spec: N3hSpec) -> Gemm:
    """One product."""
    lut, dsp = spec.lut_core, spec.dsp_core

    def size(tile: int) -> int:
        return rng.randint(tile + 1, 3 * tile) if rng.random() < 0.5 else rng.randint(1, tile)

    return Gemm(
        m=size(lut.dm),
        k=size(lut.dk),
        n=size(max(lut.dn, dsp.pout)),
        a_bits=rng.randint(1, 8),
        w_bits=rng.randint(1, 8),
        a_signed=rng.random() < 0.5,
        w_signed=rng.random() < 0.5,
    )


def items(name: str, count: int, seed: int) -> Iterator[tuple[Gemm, Item]]:
    """Products of one configuration with their operands; equal for an equal seed."""
    rng, spec = random.Random(f"{seed} {name}"), spec_of(name)
    for _ in range(count):
        gemm = draw(rng, spec)
        net = gemm_network(gemm, rng)
        n_lut = rng.choice((0, gemm.n, *(rng.randint(0, gemm.n) for _ in range(4))))
        yield gemm, Item(net, random_codes(rng, net.input), {"gemm": n_lut})


def on_verilator(name: str, count: int, seed: int) -> Counter[str]:
    """Tallies over the products of one configuration."""
    spec, tally = spec_of(name), Counter[str]()
    model, drawn = Model(spec), list(items(name, count, seed))
    tile = (spec.lut_core.dm, spec.lut_core.dk, max(spec.lut_core.dn, spec.dsp_core.pout))
    for at in range(0, count, BATCH):
        part = drawn[at : at + BATCH]
        for (gemm, _), outcome in zip(part, model.run([i for _, i in part]), strict=True):
            exceeds = [s > t for s, t in zip((gemm.m, gemm.k, gemm.n), tile, strict=True)]
            tally["products"] += 1
            tally["mismatches"] += not outcome.ok
            tally["cycles"] += outcome.cycles
            tally["all three exceed"] += all(exceeds)
            for dimension, more in zip("mkn", exceeds, strict=True):
                tally[f"{dimension} exceeds"] += more
            n_lut = outcome.program.layers[0].n_lut
            tally["no filter on the LUT core"] += n_lut == 0
            tally["all filters on the LUT core"] += n_lut == gemm.n
            tally[f"pair {gemm.a_bits} {gemm.w_bits} {gemm.a_signed} {gemm.w_signed}"] += 1
            if not outcome.ok:
                print(f"MISMATCH {name} {gemm} {outcome.wrong} codes, error {outcome.error:#x}")
    return tally


def on_icarus(count: int, seed: int) -> Counter[str]:
    """The first products of "tiny" on Icarus, each compiled once and run with several operands."""
    name, tally = "tiny", Counter[str]()
    model, spec, rng = Model(spec_of(name)), spec_of(name), random.Random(f"{seed} icarus")
    for gemm, item in items(name, -(-count // OPERANDS), seed):
        program = lower(item.net, spec, item.split)
        codes = [item.codes, *(random_codes(rng, item.net.input) for _ in range(OPERANDS - 1))]
        with tempfile.TemporaryDirectory() as work:
            jobs = icarus.on_icarus(
                program, model.sources, codes, Path(work), host.Settings(),
                lambda _: None, lambda *_: None,
            )  # fmt: skip
            for x, job in zip(codes, jobs, strict=True):
                wanted = golden.run_network(item.net, x)
                same = all(np.array_equal(job.tensors[t], wanted[t]) for t in job.tensors)
                good = job.finished and same and not job.axi_error
                tally["products"] += 1
                tally["mismatches"] += not good
                if not good:
                    print(f"MISMATCH icarus {gemm}")
    return tally


def main() -> None:
    """Run the campaign and write results/n3h_gemms.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--icarus", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    names = list(CONFIGURATIONS)
    each = -(-args.count // len(names))
    total = Counter[str]()
    with ProcessPoolExecutor(args.jobs) as pool:
        slow = pool.submit(on_icarus, args.icarus, args.seed)
        for name, tally in zip(
            names,
            pool.map(on_verilator, names, [each] * len(names), [args.seed] * len(names)),
            strict=True,
        ):
            total += tally
            print(f"{name}: {tally['products']} products, {tally['mismatches']} mismatches")
        total_icarus = slow.result()
    products = total["products"]
    covered = sum(key.startswith("pair ") for key in total)
    wrong = total["mismatches"] + total_icarus["mismatches"]
    command = (
        f"python -m benchmarks.n3h_gemms --count {args.count} --icarus {args.icarus} "
        f"--seed {args.seed}"
    )
    rows = [
        Row("GEMMs through the top over AXI, Verilator", products, "products", ">= 10000",
            products >= 10_000, "", "", command),
        Row("GEMMs through the top over AXI, Icarus", total_icarus["products"], "products",
            ">= 1000", total_icarus["products"] >= 1_000, "", "", command),
        Row("GEMM mismatches", wrong, "products", "0", wrong == 0, "", "0", command),
        Row("configurations (2 with the z7020 array)", len(names), "configurations", ">= 10",
            len(names) >= 10, "", "", command),
        Row("bit-width and sign pairs covered", covered, "of 256", "256", covered == 256, "", "256",
            command),
        *(
            Row(f"draws in which {d} exceeds its tile", round(total[f"{d} exceeds"] / products, 3),
                "share", ">= 0.45", total[f"{d} exceeds"] / products >= 0.45, "", "", command)
            for d in "mkn"
        ),
        *(
            Row(f"draws with {split}", round(total[split] / products, 3), "share", None, None, "",
                "", command)
            for split in ("no filter on the LUT core", "all filters on the LUT core")
        ),
        Row("draws in which all three exceed", round(total["all three exceed"] / products, 3),
            "share", ">= 0.1", total["all three exceed"] / products >= 0.1, "", "", command),
    ]  # fmt: skip
    write("n3h_gemms", rows, tools("numpy", "verilator", icarus=icarus_version()))
    print(table(rows))


if __name__ == "__main__":
    main()
