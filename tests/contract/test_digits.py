"""The digits network: what it is made of, its accuracy, and its run on the RTL."""

import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from hwgen.archs.n3h import golden, host
from hwgen.archs.n3h.cases import random_codes, random_network
from hwgen.archs.n3h.icarus import on_icarus
from hwgen.archs.n3h.lower import lower
from hwgen.archs.n3h.measure import counters, faults
from hwgen.archs.n3h.run import Request, design_files, run_program
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.errors import ToolMissing
from hwgen.net.load import load_network
from hwgen.verify.native import find_verilator

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits"
NETWORK = DIGITS / "digits.onnx"


def silent(*_):
    pass


def load_example(name):
    """A module of the example, which is no package."""
    spec = importlib.util.spec_from_file_location(name, DIGITS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def net():
    return load_network(NETWORK)


@pytest.fixture(scope="module")
def program(net):
    return lower(net, N3hSpec.preset("tiny"), "auto", NETWORK.read_bytes())


@pytest.fixture(scope="module")
def held_out():
    return load_example("data").held_out()


@pytest.fixture(scope="module")
def verilator():
    try:
        return find_verilator()
    except ToolMissing as missing:
        pytest.skip(str(missing))


def test_what_the_network_is_made_of(net, program):
    ops = [node.op_type for node in onnx.load(NETWORK).graph.node]
    assert ops.count("Conv") + ops.count("Gemm") >= 6
    assert {"Add", "MaxPool", "GlobalAveragePool", "Quant"} <= set(ops)
    assert any(layer.stride == (2, 2) for layer in net.layers)
    bits = [(net.tensors[layer.x].quant.bits, layer.w_bits) for layer in net.layers]
    assert bits == [(8, 8), *[(4, 4)] * 5, (8, 8)]
    assert NETWORK.stat().st_size < 300_000
    lut, dsp = program.spec.lut_core, program.spec.dsp_core
    assert any(
        row.m > lut.dm
        and row.k > max(lut.dk, dsp.pin)
        and row.n_lut > lut.dn
        and row.n - row.n_lut > dsp.pout
        for row in program.layers
    )
    convolutions = [row for row in program.layers if row.m > 1]
    assert len(convolutions) == 6
    assert all(0 < row.n_lut < row.n for row in convolutions)


def test_accuracy_of_the_integer_model(net, held_out):
    images, labels = held_out
    assert len(images) == 360
    right = 0
    for image, label in zip(images, labels, strict=True):
        values = golden.run_network(net, net.boundary.encode(image[None]))
        right += int(values[net.output.name].argmax() == label)
    assert right / len(labels) >= 0.96


def test_the_stored_split_is_the_stated_one(held_out):
    pytest.importorskip("sklearn")
    _, _, images, labels = load_example("data").split()
    np.testing.assert_array_equal(images, held_out[0])
    np.testing.assert_array_equal(labels, held_out[1])


def test_scores_equal_those_of_qonnx(net, held_out):
    pytest.importorskip("onnxruntime")
    images = held_out[0][:6]
    expected = load_example("reference").scores(NETWORK, images)
    for image, scores in zip(images, expected, strict=True):
        values = golden.run_network(net, net.boundary.encode(image[None]))
        np.testing.assert_array_equal(net.boundary.decode(values[net.output.name])[0], scores)


def test_digits_on_the_rtl(program, held_out, verilator):
    images, labels = held_out
    outcome = run_program(program, images[:3], Request("verilator"), silent, silent)
    assert outcome.problems == ()
    record = outcome.record
    assert record["bit_exact"] is True
    assert record["finished"] == 3
    assert len(set(record["cycles_per_image"])) == 1  # no cycle depends on the data
    assert sum(row["cycles"] for row in record["layers"]) == record["cycles"]
    model = run_program(program, images[:3], Request("golden"), silent, silent)
    np.testing.assert_array_equal(outcome.outputs, model.outputs)
    assert (outcome.outputs.argmax(axis=1) == labels[:3]).all()
    beats = sum(counter["beats"] for name, counter in record["counters"].items() if name != "FETCH")
    assert beats * record["bytes_per_cycle"] == sum(r["dma_bytes"] for r in record["layers"])
    assert outcome.timeline["cycles"] == record["cycles"]


def test_memory_that_pauses_costs_cycles_and_no_bit(program, held_out, verilator):
    runs = []
    for level in (0, 96):
        settings = host.Settings(stall_level=level, seed=5)
        request = Request("verilator", settings=settings)
        runs.append(run_program(program, held_out[0][:1], request, silent, silent).record)
    assert [run["bit_exact"] for run in runs] == [True, True]
    assert runs[1]["cycles"] > runs[0]["cycles"]


def test_a_program_that_hardware_refuses(program, held_out, verilator):
    words = list(program.words)
    words[20] = (1 << 128) - 1
    broken = replace(program, words=tuple(words))
    outcome = run_program(broken, held_out[0][:2], Request("verilator"), silent, silent)
    assert [p.rule for p in outcome.problems] == ["word 20"]
    assert outcome.record["finished"] == 1  # the second image is not tried


def test_counters_say_what_the_trace_shows(program, held_out, verilator, tmp_path):
    [job] = simulate(host.on_verilator, program, [encoded(program, held_out)], tmp_path)
    assert faults(program, job) == []
    for name, counter in counters(job).items():
        if name != "FETCH":
            spans = [span for (engine, _), span in job.spans.items() if engine.name == name]
            seen = [sum(getattr(s, state) for s in spans) for state in ("run", "wait", "stall")]
            assert seen == [counter["run"], counter["wait"], counter["stall"]], name


def test_icarus_and_verilator_agree_in_every_cycle(verilator, tmp_path):
    if shutil.which("iverilog") is None:
        pytest.skip("there is no Icarus Verilog")
    rng = random.Random(11)
    net = random_network(rng, 2, 8)
    program = lower(net, N3hSpec.preset("tiny"))
    codes = random_codes(rng, net.input)
    [native] = simulate(host.on_verilator, program, [codes], tmp_path)
    [icarus] = simulate(on_icarus, program, [codes], tmp_path)
    for job in (native, icarus):
        assert faults(program, job) == []
        for name, expected in golden.run_network(net, codes).items():
            if name != net.input.name:
                np.testing.assert_array_equal(job.tensors[name], expected)
    assert native.registers == icarus.registers
    assert native.spans == icarus.spans
    assert sorted(native.records.tolist()) == sorted(icarus.records.tolist())


def test_the_demo(verilator, tmp_path):
    command = [sys.executable, str(DIGITS / "demo.py"), "--count", "2", "-o", str(tmp_path / "d")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "RTL: 2 of 2 digits right, scores equal the integer model's" in done.stdout
    assert re.search(r"of 360 test digits right, 9[6-9]\.", done.stdout)
    assert (tmp_path / "d" / "run" / "report.html").exists()


def encoded(program, held_out):
    from hwgen.archs.n3h.boundary import encode, network_of

    return encode(program, network_of(program), held_out[0][:1])[0]


def simulate(simulator, program, inputs, work):
    rtl = design_files(program, None)
    return list(simulator(program, rtl, inputs, work, host.Settings(), silent, silent))
