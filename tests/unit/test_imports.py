"""Which way dependencies run: a walk over every import in the source."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

ALLOWED = {
    "hwgen.errors": set(),
    "hwgen.numbers": set(),
    "hwgen.resources": {"hwgen.errors"},
    "hwgen.cache": {"hwgen.errors"},
    "hwgen.spec": {"hwgen.errors"},
    "hwgen.arch": {"hwgen.errors", "hwgen.spec", "hwgen.emit"},
    "hwgen.emit": {"hwgen", "hwgen.errors", "hwgen.spec", "hwgen.numbers", "hwgen.resources"},
    "hwgen.net": {"hwgen.errors", "hwgen.numbers"},
    "hwgen.archs": {
        "hwgen", "hwgen.arch", "hwgen.errors", "hwgen.spec", "hwgen.numbers", "hwgen.emit",
        "hwgen.net", "hwgen.resources", "hwgen.cache", "hwgen.verify", "hwgen.tasks",
    },
    "hwgen.tasks": {
        "hwgen.arch", "hwgen.errors", "hwgen.spec", "hwgen.numbers", "hwgen.emit",
        "hwgen.resources",
    },
    "hwgen.verify": {
        "hwgen", "hwgen.cache", "hwgen.arch", "hwgen.errors", "hwgen.spec", "hwgen.numbers",
        "hwgen.emit", "hwgen.resources", "hwgen.tasks",
    },
    "hwgen.benchsuites": {
        "hwgen", "hwgen.cache", "hwgen.errors", "hwgen.resources", "hwgen.emit", "hwgen.tasks",
        "hwgen.verify",
    },
    "hwgen.blocks": {
        "hwgen.arch", "hwgen.errors", "hwgen.spec", "hwgen.emit", "hwgen.tasks", "hwgen.verify",
    },
    "hwgen.serve": {"hwgen", "hwgen.errors", "hwgen.tasks", "hwgen.verify"},
    "hwgen.cluster": {"hwgen.errors", "hwgen.tasks", "hwgen.verify"},
    "hwgen.report": {"hwgen", "hwgen.errors", "hwgen.resources"},
}  # fmt: skip
"""What each layer may import besides itself; hwgen.cli may import everything."""

GOLDEN = {"hwgen.numbers", "numpy", "collections", "dataclasses", "typing", "__future__"}


def imports(path: Path) -> set[str]:
    """Absolute names that a file imports, `from a import b` as a.b as well as a."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer(name: str) -> str:
    return ".".join(name.split(".")[:2])


SOURCES = {module_name(p): p for p in sorted((ROOT / "hwgen").rglob("*.py"))}


def test_every_layer_imports_only_what_lies_below():
    assert {layer(name) for name in SOURCES} == {*ALLOWED, "hwgen", "hwgen.cli", "hwgen.__main__"}
    wrong = []
    for name, path in SOURCES.items():
        if layer(name) in ("hwgen", "hwgen.cli", "hwgen.__main__"):
            continue
        for target in imports(path) & SOURCES.keys():
            if layer(target) not in ALLOWED[layer(name)] | {layer(name)}:
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_nothing_imports_the_command_line():
    for name, path in SOURCES.items():
        if layer(name) not in ("hwgen.cli", "hwgen.__main__"):
            assert not any(layer(t) == "hwgen.cli" for t in imports(path)), name


def test_golden_models_know_numpy_and_numbers_only():
    golden = [p for name, p in SOURCES.items() if name.endswith(".golden")]
    assert golden
    for path in golden:
        for target in imports(path):
            assert any(target == g or target.startswith(f"{g}.") for g in GOLDEN), (path, target)


def test_the_emitter_shares_no_code_with_golden_models():
    for name, path in SOURCES.items():
        if layer(name) == "hwgen.emit" or name.endswith((".build", ".top", ".queues", ".decode")):
            assert not any(t.endswith(".golden") for t in imports(path)), name


def test_benches_import_what_an_emitted_folder_carries():
    allowed = {"hwgen.numbers", "hwgen.archs.n3h.golden", "hwgen.archs.n3h.isa"}
    for path in sorted((ROOT / "tb").rglob("*.py")):
        found = {t for t in imports(path) if t in SOURCES and t.count(".") > 0}
        packages = {"hwgen.archs", "hwgen.archs.n3h"}
        assert found - packages <= allowed, path


def test_importing_hwgen_is_light():
    code = "import hwgen, hwgen.arch, hwgen.cli.app, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "cocotb", "onnx", "numpy", "systemrdl", "pydantic", "jinja2"}
    assert not heavy & set(run.stdout.split())


def test_building_needs_neither_networks_nor_simulators():
    code = "import hwgen.archs.n3h.build, hwgen.cli.build, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "cocotb", "onnx", "systemrdl"} & set(run.stdout.split())
