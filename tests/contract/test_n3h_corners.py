"""Corners of the parameter space of n3h: as clean in every tool as the presets."""

import subprocess

import pytest
from n3h.benches import CONFIGS

from hwgen.archs.n3h.build import build
from hwgen.archs.n3h.spec import N3hSpec
from hwgen.verify.native import find_verilator

CORNERS = {
    "everything at its least": {
        "lut_core": {"dm": 2, "dk": 64, "dn": 2},
        "dsp_core": {"pin": 8, "pout": 4},
        "post": {"lanes": 2},
        "axi": {"outstanding": 4},
        "buffers": {"ring": 512, "dsp_weights": 512, "raw": 512, "collector": 512},
    },
    "deep buffers, odd widths": {
        "lut_core": {"dm": 16, "dk": 512, "dn": 10},
        "dsp_core": {"pin": 8, "pout": 10},
        "post": {"lanes": 2},
        "buffers": {"ring": 8192, "lut_weights": 8192, "raw": 8192, "parameters": 8192},
    },
    "a bus wider than every word": {
        "lut_core": {"dm": 4, "dk": 64, "dn": 4},
        "post": {"lanes": 4},
        "axi": {"data_w": 256, "burst": 256, "outstanding": 16},
    },
    "many lanes on a narrow bus": {
        "lut_core": {"dm": 2, "dk": 64, "dn": 32},
        "dsp_core": {"pin": 8, "pout": 64},
        "post": {"lanes": 16},
    },
}


@pytest.mark.parametrize("corner", CORNERS)
def test_a_corner_is_clean(tmp_path, corner):
    tool = find_verilator()
    build(N3hSpec.from_data(CORNERS[corner])).write(tmp_path / "d")
    for command in (
        ["iverilog", "-g2005", "-Wall", "-s", "n3h_top", "-t", "null", "-f", "rtl.f"],
        [tool.program, "--lint-only", "-Wall", "--default-language", "1364-2005",
         "--top-module", "n3h_top", "-f", "rtl.f"],
    ):  # fmt: skip
        run = subprocess.run(
            command, cwd=tmp_path / "d", env=dict(tool.env), capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        said = (run.stdout + run.stderr).splitlines()
        assert (run.returncode, [s for s in said if not s.startswith("- ")]) == (0, [])


def test_bench_configurations_of_the_checkout_are_the_presets():
    for name in N3hSpec.PRESETS:
        assert CONFIGS[name] == N3hSpec.preset(name).parameters
