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
import onnx

from benchmarks._results import Row, table, tools, write
from benchmarks.reference import Agreement, compare, qonnx_tensors, stored
from hwgen.archs.n3h import golden
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.program import Program
from hwgen.archs.n3h.run import Outcome, Request, run_program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.net.ir import QNet
from hwgen.net.load import load_network

EXAMPLE = Path(__file__).parents[1] / "examples" / "digits"
COMMAND = "python -m benchmarks.n3h_digits"
DIGITS = 20
SPLITS = ("auto", "lut", "dsp")
LEAST_SHARE = 0.96
LEAST_EQUAL = 0.999


def run(program: Program, images: Any, sim: str) -> Outcome:
    """One run without progress."""
    return run_program(program, images, Request(sim), lambda _: None, lambda *_: None)


def against_qonnx(path: Path, net: QNet, images: Any, ours: Any) -> tuple[int, float, int]:
    """Digits of the same class, share of equal codes, largest difference, over all `images`.

    ours: the integer model's classes. The other side is qonnx's executor alone.
    """
    graph, names = onnx.load(path), list(stored(net))
    output = graph.graph.output[0].name
    found: list[Agreement] = []
    same = 0
    for image, label in zip(images, ours, strict=True):
        feeds = {graph.graph.input[0].name: image[None].astype(np.float32)}
        theirs = qonnx_tensors(graph, feeds, [*names, output])
        found += compare(net, theirs, golden)
        same += int(theirs[output].argmax() == label)
    elements = sum(a.elements for a in found)
    different = sum(a.different for a in found)
    return same, 1 - different / elements, max(a.largest for a in found)


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
    same, equal_codes, largest = against_qonnx(path, net, images, model.outputs.argmax(axis=1))
    rows += [
        Row("digits with the same class as qonnx's own executor", same, f"of {len(images)}", "all",
            same == len(images), "", "", COMMAND),
        Row("codes equal to qonnx's, layer by layer given equal inputs", round(equal_codes, 6),
            "share", ">= 0.999", equal_codes >= LEAST_EQUAL, "", "1", COMMAND),
        Row("largest difference of a code", largest, "LSB", "<= 1", largest <= 1, "", "0", COMMAND),
    ]  # fmt: skip
    for layer in runs["auto"].record["layers"]:
        used = ", ".join(f"{core} {layer['utilisation'][core]:.0%}" for core in ("lut", "dsp"))
        rows.append(
            Row(f"{layer['name']}: cycles ({used})", layer["cycles"], "cycles", None, None, "",
                f"{layer['ideal']} (roofline)", COMMAND)
        )  # fmt: skip
    write("n3h_digits", rows, tools("numpy", "verilator", "onnx", "onnxruntime", "qonnx"))
    print(table(rows))


if __name__ == "__main__":
    main()
