"""A policy as a writer: which prompts it sees, which answers are given on."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from hwgen.errors import UsageError
from hwgen.tasks.library import get_task
from hwgen.training import write
from hwgen.training.policy import Sample, Size, new_policy, save_policy
from hwgen.training.text import prompt_of

torch.set_num_threads(1)
TASK = get_task("n3h/n3h_fill_swap:BITS=2")
SMALL = Size(layers=1, width=16, heads=2, vocab=300, context=640)


@pytest.fixture(scope="module")
def policy():
    return new_policy(SMALL, [prompt_of(TASK), TASK.reference], seed=1)


def answers(monkeypatch, *texts):
    """Let a policy say these texts in turn; gives the calls."""
    calls, left = [], list(texts)

    def generate(policy, prompts, *, samples=1, temperature=0.0, seed=0, **_):
        calls.append((len(prompts), samples, temperature, seed))
        return [
            [Sample(*((left or [("", False)]).pop(0)), tokens=1) for _ in range(samples)]
            for _ in prompts
        ]

    monkeypatch.setattr(write, "generate", generate)
    return calls


def module(n):
    return f"module m{n};\nendmodule"


def test_every_phrasing_first_greedily_then_sampled(policy, monkeypatch):
    said = [(module(n), True) for n in (0, 1, 1, 2, 1, 3, 4, 5, 6)]
    calls = answers(monkeypatch, *said)
    found = list(write.writer_of(policy, seed=7)(TASK, 8))
    assert calls == [(3, 1, 0.0, 0), (3, 2, write.TEMPERATURE, 7)]
    assert found == [f"{module(n)}\n" for n in (0, 1, 2, 3, 5, 4)]


def test_what_did_not_end_is_not_given(policy, monkeypatch):
    answers(monkeypatch, (module(0), False), ("```verilog\nmodule a;\nendmodule\n```", True))
    assert list(write.writer_of(policy)(TASK, 2)) == ["module a;\nendmodule\n"]


def test_fewer_candidates_than_phrasings(policy, monkeypatch):
    calls = answers(monkeypatch, (module(0), True))
    assert list(write.writer_of(policy)(TASK, 1)) == [f"{module(0)}\n"]
    assert calls == [(1, 1, 0.0, 0)]


def test_a_prompt_that_fills_the_context_is_left_out(policy, monkeypatch):
    calls = answers(monkeypatch)
    long = TASK.spec.model_copy(update={"prompt": "word " * 900})
    task = replace(TASK, spec=long, phrasings=(long.prompt,))
    assert list(write.writer_of(policy)(task, 4)) == []
    assert calls == []


def test_the_same_seed_gives_the_same_texts_from_a_folder(policy, tmp_path, monkeypatch):
    monkeypatch.setattr(write, "MAX_NEW_TOKENS", 24)
    save_policy(policy, tmp_path / "policy")
    texts = [list(write.policy_writer(tmp_path / "policy", seed=3)(TASK, 4)) for _ in range(2)]
    assert texts[0] == texts[1]


def test_without_a_shipped_policy_there_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(write, "folder", lambda kind: tmp_path)
    with pytest.raises(UsageError, match="carries no policy"):
        write.policy_writer()
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "config.json").write_text("{}")
    assert write.shipped_policy() == tmp_path / "shipped"


def test_building_with_templates_loads_no_torch():
    code = (
        "import sys; from hwgen.cli.build import emitted; from hwgen.arch import get_arch\n"
        "arch = get_arch('n3h'); spec = arch.spec_class().preset('tiny')\n"
        "emitted(arch, spec, 'template', 1, 0)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
