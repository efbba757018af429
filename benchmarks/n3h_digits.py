"""The digits network on the preset tiny: accuracy, cycles, and what two cores bring.

    python -m benchmarks.n3h_digits

Accuracy is the integer model's over the whole test split; the RTL must give the same scores on
every digit that is run. The network runs with the automatic split (T_mix), on the LUT core alone
(T_L) and on the DSP core alone (T_D).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._results import Row, table, tools, write
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.run import Outcome, Request, run_program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.load import load_network

EXAMPLE = Path(__file__).parents[1] / "examples" / "digits"
COMMAND = "python -m benchmarks.n3h_digits"
DIGITS = 20
SPLITS = ("auto", "lut", "dsp")
LEAST_SHARE = 0.96


def run(program: Program, images: Any, sim: str) -> Outcome:
    """One run without progress."""
    return run_program(program, images, Request(sim), lambda _: None, lambda *_: None)


def main() -> None:
    """Run the three splits and write results/n3h_digits.json."""
    held_out = np.load(EXAMPLE / "digits_test.npz")
    images, labels = held_out["images"], held_out["labels"]
    path = EXAMPLE / "digits.onnx"
    net, spec = load_network(path), N3hSpec.preset("tiny")
    programs = {split: lower(net, spec, split, path.read_bytes()) for split in SPLITS}
    runs = {split: run(programs[split], images[:DIGITS], "verilator") for split in SPLITS}
    model = run(programs["auto"], images, "golden")
    share = float((model.outputs.argmax(axis=1) == labels).mean())
    equal = all(np.array_equal(r.outputs, model.outputs[:DIGITS]) for r in runs.values())
    exact = all(r.record["bit_exact"] and not r.problems for r in runs.values())
    mix, lut, dsp = (runs[split].record["cycles"] for split in SPLITS)
    best = min(lut, dsp)
    rows = [
        Row("integer accuracy, 360 test digits", round(share, 4), "share", ">= 0.96",
            share >= LEAST_SHARE, "0.9944 (the same graph run by qonnx)", "1", COMMAND),
        Row("digits whose scores on the RTL equal the integer model's, three splits",
            DIGITS if equal and exact else 0, f"of {DIGITS}", "all", equal and exact, "", "",
            COMMAND),
        Row("T_mix, cycles per digit, both cores", mix, "cycles", None, None, "",
            f"{sum(r['ideal'] for r in runs['auto'].record['layers'])} (roofline)", COMMAND),
        Row("T_L, cycles per digit, LUT core alone", lut, "cycles", None, None, "",
            f"{sum(r['ideal'] for r in runs['lut'].record['layers'])} (roofline)", COMMAND),
        Row("T_D, cycles per digit, DSP core alone", dsp, "cycles", None, None, "",
            f"{sum(r['ideal'] for r in runs['dsp'].record['layers'])} (roofline)", COMMAND),
        Row("T_mix over the faster core alone", round(mix / best, 3), "ratio", "< 1", mix < best,
            "", f"{1 / (1 / lut + 1 / dsp) / best:.3f} (both at their own rate)", COMMAND),
    ]  # fmt: skip
    for layer in runs["auto"].record["layers"]:
        used = ", ".join(f"{core} {layer['utilisation'][core]:.0%}" for core in ("lut", "dsp"))
        rows.append(
            Row(f"{layer['name']}: cycles ({used})", layer["cycles"], "cycles", None, None, "",
                f"{layer['ideal']} (roofline)", COMMAND)
        )  # fmt: skip
    write("n3h_digits", rows, tools("numpy", "verilator"))
    print(table(rows))


if __name__ == "__main__":
    main()
