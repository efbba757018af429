"""Talking to a compiled simulator, with a shell script in its place."""

import pytest

from hwgen.errors import EXIT_TOOL, HwgenError, ToolMissing
from hwgen.verify import native


@pytest.fixture
def fake(tmp_path):
    def make(text):
        program = tmp_path / "model"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return program

    return make


def test_events_arrive_in_order(fake, tmp_path):
    program = fake('cat; echo "AXI-ERROR 5: x"; echo \'{"event": "done", "cycles": 7}\'')
    found = list(native.events(program, '{"event": "said"}\n', tmp_path, None))
    assert found == [
        {"event": "said"},
        {"event": "message", "text": "AXI-ERROR 5: x"},
        {"event": "done", "cycles": 7},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('echo \'{"event": "error", "message": "no room"}\'; exit 2', "no room"),
        ("echo '%Error: bad'; echo Aborting; exit 1", "%Error: bad"),
        ("kill -9 $$", "code -9"),
    ],
)
def test_a_failure_becomes_a_sentence(fake, tmp_path, text, words):
    with pytest.raises(HwgenError, match=words):
        list(native.events(fake(text), "", tmp_path, None))


def test_a_program_that_is_left_early_ends(fake, tmp_path):
    program = fake('echo \'{"event": "progress"}\'; exec sleep 100')
    events = native.events(program, "", tmp_path, None)
    assert next(events) == {"event": "progress"}
    events.close()


def test_missing_compilers_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    native.find_verilator.cache_clear()
    try:
        with pytest.raises(ToolMissing, match=r"g\+\+, make, perl") as caught:
            native.find_verilator()
        assert caught.value.exit_code == EXIT_TOOL
        assert "apt-get install g++ make perl" in caught.value.problems[0].fix
    finally:
        native.find_verilator.cache_clear()
