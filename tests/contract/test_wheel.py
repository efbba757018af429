"""A wheel carries everything: built, installed in its own environment, used from elsewhere."""

import json
import os
import shutil
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CARRIED = (
    "hwgen/templates/n3h/n3h_top.v.j2",
    "hwgen/templates/_lib/header.j2",
    "hwgen/rtl/hw_fifo.v",
    "hwgen/rtl/n3h/n3h_control.v",
    "hwgen/tb/_lib/bench.py",
    "hwgen/tb/n3h/benches.py",
    "hwgen/tb/native/harness.cpp",
    "hwgen/training/__init__.py",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the checkout, so that no build leaves anything behind here."""
    work = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns(
        ".*", "sim_build", "__pycache__", "tests", "docs", "benchmarks", "examples"
    )
    shutil.copytree(ROOT, work / "repo", ignore=ignore)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work)],
        cwd=work / "repo",
        check=True,
        capture_output=True,
    )
    (found,) = work.glob("hwgen-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel; its dependencies are borrowed from the running one."""
    home = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run([*command, "--quiet", "--no-index", str(wheel)], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return home


def run(home, *command, cwd):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [str(home / "bin" / command[0]), *command[1:]],
        cwd=cwd,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def listing(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_contents(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert set(CARRIED) <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any("sim_build" in name or name.endswith(".pyc") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_it_builds_from_another_folder_the_same_bytes(installed, tmp_path):
    where = run(installed, "python", "-c", "import hwgen; print(hwgen.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed))
    run(installed, "hwgen", "build", "--arch", "n3h", "-o", "design", cwd=tmp_path)
    subprocess.run(
        [sys.executable, "-m", "hwgen", "build", "--arch", "n3h", "-o", str(tmp_path / "ours")],
        cwd=ROOT,
        check=True,
    )
    assert listing(tmp_path / "design") == listing(tmp_path / "ours")


def test_it_does_the_main_job_from_another_folder(installed, tmp_path):
    """Build, compile, run on the RTL in Verilator, every layer compared."""
    network = ROOT / "examples" / "digits" / "digits.onnx"
    (tmp_path / "x.py").write_text(
        "import numpy\nnumpy.save('x', numpy.arange(64.0).reshape(1, 1, 8, 8).astype('f4') / 64)\n"
    )
    run(installed, "python", "x.py", cwd=tmp_path)
    run(installed, "hwgen", "build", "--arch", "n3h", "-o", "design", cwd=tmp_path)
    run(installed, "hwgen", "compile", str(network), "--build", "design", "-o", "p", cwd=tmp_path)
    said = run(
        installed, "hwgen", "run", "p", "--build", "design", "--input", "x.npy", "--json",
        cwd=tmp_path,
    )  # fmt: skip
    answer = json.loads(said)
    assert answer["bit_exact"] is True
    assert answer["cycles"]


def test_training_is_importable(installed, tmp_path):
    run(installed, "python", "-c", "import hwgen.training", cwd=tmp_path)
