"""The bench: variants differ in one thing, share what they have in common, and become rows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from hwgen.errors import UsageError
from hwgen.training import bench, bench_variants
from hwgen.training.bench_variants import VARIANTS, recipe_for
from hwgen.training.configs.read import read_recipe
from hwgen.training.driver.plan import POLICIES, Step, plan
from hwgen.training.driver.run import Run
from hwgen.training.driver.state import Outcome

RATES = {"sft": 1, "rl": 3, "rejection": 2}
"""Right answers of 4 after a variant's last stage."""


def variant(name: str) -> bench_variants.Variant:
    return next(v for v in VARIANTS if v.name == name)


def test_every_variant_runs_behind_those_it_is_compared_with() -> None:
    names = [v.name for v in VARIANTS]
    assert len(set(names)) == len({v.folder for v in VARIANTS}) == len(names)
    for place, one in enumerate(VARIANTS):
        assert not one.against or one.against in names[:place]


def test_baselines_cost_the_same_judge_calls() -> None:
    base = read_recipe("tiny")
    calls = {}
    for name in ("rl", "rejection", "rl and rejection"):
        (first, *_) = recipe_for(base, variant(name), 0).rounds
        calls[name] = first.rl.steps * first.rl.rollouts if first.rl else 0
        if first.rejection:
            calls[name] += first.rejection.samples * sum(first.rejection.specs.values())
    assert max(calls.values()) <= 1.1 * min(calls.values())


def test_ablations_change_what_they_say() -> None:
    base = read_recipe("tiny")
    found = {name: recipe_for(base, variant(name), 0) for name in
             ("plain", "tbr", "sbw", "tbr and sbw", "weak judge", "binary", "noisy")}  # fmt: skip
    assert {n: (r.rounds[0].rl.sbw, r.rounds[0].tbr.levels > 0) for n, r in found.items()
            if r.rounds[0].tbr} == {"plain": (False, False), "tbr": (False, True),
                                    "sbw": (True, False), "tbr and sbw": (True, True)}  # fmt: skip
    assert found["weak judge"].judging.until == "simulate"
    assert found["binary"].rounds[0].rl.scheme == "binary"
    assert found["noisy"].data.noise > 0 == base.data.noise
    assert found["noisy"].rounds[0].rl is None


def test_a_recipe_without_the_parts_is_refused() -> None:
    with pytest.raises(UsageError, match=r"has no rounds\.1\.tbr, rounds\.1\.reward_model"):
        recipe_for(read_recipe("gpu-30m"), variant("rl"), 0)


def test_shared_stages_run_once_and_rows_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: Counter[str] = Counter()

    def stage(run: Run, step: Step, folder: Path, resume: bool) -> Outcome:
        ran[step.name] += 1
        if step.kind == "evaluate":
            variant = run.state.folder.parent.name
            row = {"split": "S", "samples": 4, "passed": RATES[variant], "compiled": 4, "worthy": 0}
            result = {"suite": "tasks", "rows": [{"id": f"task{n}", **row} for n in range(3)]}
            (folder / "sampled").mkdir(exist_ok=True)
            (folder / "sampled" / "result.json").write_text(json.dumps(result))
            return Outcome({}, {"evaluation": ""})
        (folder / "out").write_text(step.name)
        outputs = {"policy": "out"} if step.kind in POLICIES else {}
        return Outcome({"candidates": 10} if step.kind == "rl" else {}, outputs)

    monkeypatch.setattr(bench_variants, "STAGES", dict.fromkeys(bench_variants.STAGES, stage))
    some = [variant(name) for name in ("sft", "rejection", "rl")]
    options = {"data": None, "threads": 0, "say": lambda text: None, "variants": some, "seeds": 2}
    found = bench.bench("smoke", [], tmp_path, resume=False, **options)
    assert ran["sft-1"] == ran["data"] == 2  # once a seed
    assert ran["rl-1"] == 2
    assert ran["evaluate-sft-1"] == ran["evaluate-rl-1"] == ran["evaluate-sft-2"] == 2
    assert (tmp_path / "rl" / "seed-1" / "sft-1" / "out").read_text() == "sft-1"
    values = {row["name"]: row["value"] for row in found["rows"]}
    assert values["sft: sampled pass@1 on S"] == 0.25
    assert values["rl: sampled pass@1 on S"] == 0.75
    assert values["rl less sft: sampled pass@1 on S"] == 50.0
    assert values["rl: answers judged"] == 10
    assert json.loads((tmp_path / "bench.json").read_text()) == found
    assert "50.0 points (95 %: 50.0 to 50.0)" in bench.table(found)
    before = dict(ran)
    bench.bench("smoke", [], tmp_path, resume=True, **options)
    assert ran == before


def test_nothing_is_taken_over_from_other_settings(tmp_path: Path) -> None:
    base = read_recipe("tiny")
    weak, hard = (recipe_for(base, variant(n), 0) for n in ("weak judge", "rl"))
    same = bench._common(bench._facts(weak), bench._facts(hard))
    assert [step.name for step in plan(hard)][:same] == ["data", "start", "sft-1"]
    noisy = recipe_for(base, variant("noisy"), 0)
    assert bench._common(bench._facts(noisy), bench._facts(hard)) == 0
    other = recipe_for(base, variant("rl"), 1)
    assert bench._common(bench._facts(other), bench._facts(hard)) == 0
