"""The documentation builds without a warning, and what it tells people to type works."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """(language, title, text) of every fenced block."""
    return BLOCK.findall(page.read_text())


@pytest.fixture
def desk(tmp_path):
    """A folder with the checkout's examples and an hwgen on the path."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "hwgen"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hwgen "$@"\n')
    script.chmod(0o755)
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def run(desk: Path, text: str) -> str:
    env = {
        **os.environ,
        "PATH": f"{desk / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}"
        + os.environ["PATH"],
        "PYTHONPATH": f"{desk / 'work'}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    result = subprocess.run(
        ["sh", "-euc", text], cwd=desk / "work", env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_blocks_run_in_order(desk, page):
    work = desk / "work"
    for language, title, text in blocks(page):
        if title:
            (work / title).parent.mkdir(parents=True, exist_ok=True)
            (work / title).write_text(text)
        elif language == "sh":
            announce(work)
            run(desk, text)
        elif language == "python":
            run(desk, f"'{sys.executable}' -c '{text}'")


def announce(work: Path) -> None:
    """What `pip install .` would do with an entry point of the page's own package."""
    if (work / "pyproject.toml").exists():
        text = (work / "pyproject.toml").read_text()
        (entry,) = re.findall(r'entry-points."(.*)"\]\n(.*)\n', text)
        info = work / "dot-0.1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dot\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text(f"[{entry[0]}]\n{entry[1].replace(chr(34), '')}\n")


def test_the_promised_refusal_is_the_real_one(desk):
    page = blocks(ROOT / "docs" / "cli.md")
    command = next(text for language, _, text in page if language == "sh")
    promised = next(text for language, _, text in page if language == "text")
    assert run(desk, command) == promised


def test_every_command_and_option_is_on_the_page():
    from hwgen.cli.app import COMMANDS

    page = (ROOT / "docs" / "cli.md").read_text()
    for command in COMMANDS:
        text = subprocess.run(
            [sys.executable, "-m", "hwgen", command, "--help"],
            capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"},
        ).stdout  # fmt: skip
        row = next(line for line in page.splitlines() if line.startswith(f"| `{command}"))
        options = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", text)) - {"--help", "--json", "--output"}
        options -= {o for o in options if o.startswith("--no-")}
        assert {o for o in options if o not in row} == set(), command


def test_the_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("mkdocs")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "site")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "site" / "add-an-arch" / "index.html").exists()


def test_links_of_the_front_pages_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if not target.startswith("http"):
                assert (ROOT / target).exists(), f"{page.name}: {target}"


def test_the_citation_file_is_complete():
    import yaml

    from hwgen import __version__
    from hwgen.arch import all_archs

    record = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert record["version"] == __version__
    titles = [reference["title"] for reference in record["references"]]
    for arch in all_archs():
        for paper in arch.papers:
            assert any(title.split(":")[0] in paper for title in titles), paper


def test_measured_figures_are_committed_results():
    rows = [
        row
        for path in (ROOT / "benchmarks" / "results").glob("*.json")
        for row in json.loads(path.read_text())["rows"]
    ]
    shown = {r["name"]: f"{r['value']:,} {r['unit']}" for r in rows if r["value"] is not None}
    text = (ROOT / "README.md").read_text()
    table = re.search(r"## Measured.*?\|---\|---\|\n(.*?)\n\n", text, re.DOTALL)[1]
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert told
    for name, value in told:
        assert value == shown[name]


def test_the_page_of_the_benchmarks_is_made_from_the_results():
    from benchmarks.readme import page

    assert (ROOT / "benchmarks" / "README.md").read_text() == page()
