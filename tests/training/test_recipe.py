"""Recipes: strict, complete, all problems at once; and the ones that come with hwgen."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from hwgen.errors import UsageError
from hwgen.training.configs import names, path_of
from hwgen.training.configs.read import read_recipe, recipe_of
from hwgen.training.driver.plan import plan
from hwgen.training.policy import SIZES

WHOLE: dict[str, Any] = {
    "name": "mine",
    "summary": "for tests",
    "model": {"size": "smoke"},
    "rounds": [
        {
            "sft": {"steps": 3},
            "tbr": {"specs": {"train": 2}},
            "reward_model": {},
            "rl": {"specs": {"C-rl": 4}, "steps": 2, "prompts": 4},
            "rejection": {"specs": {"C-rl": 4}},
        },
        {"sft": {"steps": 2}, "rl": {"specs": {"P-rl": 4}, "prompts": 4}},
    ],
    "evaluate": {"specs": {"S": 2}, "draws": {"greedy": {}}, "after": ["sft-1", "rl-2"]},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """WHOLE with the value at a dotted path changed (`...` takes it out)."""
    data = copy.deepcopy(WHOLE)
    *places, last = path.split(".")
    inner: Any = data
    for place in places:
        inner = inner[int(place)] if place.isdigit() else inner[place]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return data


def refused(data: dict[str, Any]) -> list[str]:
    with pytest.raises(UsageError) as caught:
        recipe_of(data)
    assert caught.value.exit_code == 2
    return [problem.render() for problem in caught.value.problems]


def test_the_stages_come_in_their_order() -> None:
    assert [step.name for step in plan(recipe_of(WHOLE))] == [
        "data", "start", "sft-1", "evaluate-sft-1", "tbr-1", "reward-model-1", "rl-1",
        "rejection-1", "sft-2", "rl-2", "evaluate-rl-2",
    ]  # fmt: skip


def test_a_named_size_is_its_shape() -> None:
    size = recipe_of(WHOLE).model.size
    assert size is not None
    assert (size.layers, size.width, size.heads) == (
        SIZES["smoke"].layers, SIZES["smoke"].width, SIZES["smoke"].heads,
    )  # fmt: skip
    shape = recipe_of(changed("model.size", size.model_dump()))
    assert shape.digest() == recipe_of(WHOLE).digest()


def test_the_digest_follows_every_value_but_not_the_name() -> None:
    digest = recipe_of(WHOLE).digest()
    assert recipe_of(changed("name", "other")).digest() == digest
    assert recipe_of(changed("summary", "other")).digest() == digest
    for path, value in {
        "seed": 1, "rounds.0.rl.steps": 3, "rounds.0.rl.specs": {"C-rl": 5},
        "rounds.0.tbr": {"specs": {"train": 2}, "samples": 3}, "families": ["counter"],
        "evaluate.seed": 1, "threads": 2,
    }.items():  # fmt: skip
        data = WHOLE | {path: value} if "." not in path else changed(path, value)
        assert recipe_of(data).digest() != digest, path


def test_all_problems_come_at_once() -> None:
    data = changed("rounds.0.sft", {"stepz": 3})
    data["seed"] = -1
    data["rounds"][0]["rl"] |= {"num_iterations": 1}
    data["rounds"][1]["rl"] |= {"steps": 0}
    said = refused(data)
    assert len(said) == 4
    assert any("recipe mine: seed = -1 is not usable" in text for text in said)
    assert any(
        "rounds.1.sft.stepz is unknown" in text
        and "did you mean rounds.1.sft.steps?" in text
        and "known here: steps, " in text
        for text in said
    )
    assert any("rl.num_iterations = 1" in text for text in said)
    assert any("rounds.2.rl.steps = 0 is not usable" in text for text in said)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("model", {}, "either size (from scratch) or path"),
        ("model", {"size": "tiny", "path": "x"}, "either size (from scratch) or path"),
        ("model", {"size": "huge"}, "sizes are smoke, tiny, shipped"),
        ("model", {"size": "tiny", "lora": {}}, "has nothing to adapt"),
        ("model", ..., "model is missing"),
        ("modle", 1, "did you mean model?"),
        ("rounds.0.rl.specs", {"S": 3}, "'train', 'P-rl' or 'C-rl'"),
        ("rounds.0.rl.specs", ..., "rounds.1.rl.specs is missing"),
        ("rounds.0.tbr", None, "has nothing to learn from"),
        ("rounds.0.rejection", None, "rounds.2.sft has nothing new to learn"),
        ("rounds", [{"tbr": {"specs": {"train": 1}}}], "trains no policy"),
        ("evaluate.after", ["sft-3"], "evaluate.after names 'sft-3'"),
        ("evaluate.draws", {}, "at least 1"),
    ],
)
def test_what_is_wrong_is_said(path: str, value: Any, words: str) -> None:
    said = refused(changed(path, value))
    assert any(words in text for text in said), said


def test_settings_count_rounds_from_one(tmp_path: Path) -> None:
    recipe = read_recipe("smoke", ["rounds.2.rl.steps=7", "seed=5", "rounds.1.tbr=null",
                                   "rounds.1.reward_model=null"])  # fmt: skip
    assert recipe.rounds[1].rl is not None
    assert recipe.rounds[1].rl.steps == 7
    assert recipe.seed == 5
    assert recipe.rounds[0].tbr is None
    for wrong in ("0", "3", "one"):
        with pytest.raises(UsageError, match="the list has items 1 to 2"):
            read_recipe("smoke", [f"rounds.{wrong}.rl.steps=7"])


def test_a_recipe_of_ones_own_is_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(path_of("smoke").read_text())
    assert read_recipe(str(path)).name == "mine"
    assert read_recipe(str(path)).digest() == read_recipe("smoke").digest()


def test_an_unknown_name_is_answered_with_a_close_one() -> None:
    with pytest.raises(UsageError, match="did you mean smoke"):
        path_of("smok")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_recipe(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize("name", [
    "smoke", "tiny", "shipped", "gpu-30m", "qwen-7b-1gpu", "qwen-7b-8gpu", "veribench-sft",
])  # fmt: skip
def test_recipes_that_come_along_are_valid(name: str) -> None:
    recipe = read_recipe(name)
    assert name in names()
    assert recipe.summary == names()[name]
    assert recipe.name == name
    for part in recipe.rounds:
        if part.rl:
            assert sum(part.rl.specs.values()) >= part.rl.prompts, "a step asks each task once"
