"""One 3x3 convolution of ResNet-18's second stage on the z7020 preset, bit for bit.

    python -m benchmarks.n3h_conv

128 -> 128 channels, 28 x 28, stride 1, 4-bit weights and activations, residual; both cores at work.
Run with the automatic split, the LUT core alone and the DSP core alone.
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks._results import Row, table, tools, write
from hwgen.archs.n3h import golden, host
from hwgen.archs.n3h.build import rtl
from hwgen.archs.n3h.cases import random_codes
from hwgen.archs.n3h.isa import Engine
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import QNet
from hwgen.net.layer import Conv, Quant, Residual, Tensor

COMMAND = "python -m benchmarks.n3h_conv"
SIZE, CHANNELS = 28, 128


def network() -> QNet:
    """The layer behind an identity that makes its input, so that the residual is a tensor too."""
    rng = random.Random(1)
    quant = Quant(1.0, 0, 4, False)
    x = Tensor("x", SIZE, SIZE, CHANNELS, quant)
    weight = np.array(rng.choices(range(-8, 8), k=CHANNELS * 9 * CHANNELS), dtype=np.int64)
    layer = Conv(
        name="conv", nodes=("conv",), x="x", y="y",
        weight=weight.reshape(CHANNELS, 3, 3, CHANNELS), w_bits=4, w_signed=True, groups=1,
        stride=(1, 1), pad=(1, 1, 1, 1), dilation=(1, 1), zin=0,
        bias=np.array(rng.choices(range(-500, 500), k=CHANNELS), dtype=np.int64),
        mul=np.array(rng.choices(range(1 << 15, 1 << 16), k=CHANNELS), dtype=np.int64),
        shift=np.full(CHANNELS, 23, dtype=np.int64), zout=0, lo=0, hi=15, out_h=SIZE, out_w=SIZE,
        residual=Residual("x", 1 << 15, (8,) * CHANNELS, 0),
    )  # fmt: skip
    y = replace(x, name="y")
    return QNet("conv", x, y, (layer,), {"x": x, "y": y})


def run(split: str) -> tuple[host.Job, dict[str, float], int, bool]:
    """The run, the estimate by part, the LUT core's filters, and whether every code is right."""
    spec, net = N3hSpec.preset("z7020"), network()
    program = lower(net, spec, split)
    codes = random_codes(random.Random(2), net.input)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        sources = []
        for module in rtl(spec):
            sources.append(work / f"{module.name}.v")
            sources[-1].write_text(module.text)
        jobs = host.on_verilator(
            program, sources, [codes], work, host.Settings(), print, lambda *_: None
        )
        job = next(iter(jobs))
    exact = np.array_equal(job.tensors["y"], golden.run_network(net, codes)["y"])
    row = program.layers[0]
    return job, dict(row.estimate), row.n_lut, exact and job.finished and not job.axi_error


def main() -> None:
    """Run the three splits and write results/n3h_conv.json."""
    runs = {split: run(split) for split in ("auto", "lut", "dsp")}
    for split, (job, estimate, n_lut, exact) in runs.items():
        print(split, job.cycles, estimate, n_lut, exact)
        for engine in (Engine.FILL, Engine.GEMM_L, Engine.GEMM_D, Engine.POST_L, Engine.STORE):
            print("  ", engine.name, job.spans.get((engine, 1)))
    job, estimate, n_lut, exact = runs["auto"]
    limit = estimate["roofline"]
    alone = min(runs["lut"][0].cycles, runs["dsp"][0].cycles)
    right = all(r[3] for r in runs.values())
    rows = [
        Row("conv 128->128 28x28 W4A4 on z7020: bit-exact (auto, lut, dsp)", int(right), "yes", "1",
            right, "", "1", COMMAND),
        Row("cycles, both cores", job.cycles, "cycles", None, None, "", f"{limit} (roofline)",
            COMMAND),
        Row("filters on the LUT core", n_lut, "of 128", "both cores work", 0 < n_lut < CHANNELS,
            "", "", COMMAND),
        Row("cycles over roofline", round(job.cycles / limit, 3), "ratio", None, None, "", "1",
            COMMAND),
        Row("cycles, LUT core alone", runs["lut"][0].cycles, "cycles", None, None, "",
            f"{runs['lut'][1]['roofline']} (roofline)", COMMAND),
        Row("cycles, DSP core alone", runs["dsp"][0].cycles, "cycles", None, None, "",
            f"{runs['dsp'][1]['roofline']} (roofline)", COMMAND),
        Row("both cores over the faster one", round(job.cycles / alone, 3), "ratio", None, None, "",
            "1: 16 filters cost the DSP core, one product per DSP, what all 128 cost the LUT core",
            COMMAND),
    ]  # fmt: skip
    write("n3h_conv", rows, tools("numpy", "verilator"))
    print(table(rows))


if __name__ == "__main__":
    main()
