"""Which specs are held out: a pure function of the id, with the shares that it promises."""

import random

import pytest

from hwgen.errors import UsageError
from hwgen.training.data import splits
from hwgen.training.data.splits import ids, split_of

PINNED = {
    "counter": "train",
    "counter:enable=1": "C-rl",
    "counter:width=26": "P-rl",
    "counter:width=42,enable=1,dir=down": "P-rl",
    "alu:ops=riscv,width=12": "C-rl",
    "n3h/hw_fifo:WIDTH=64,DEPTH=32": "out",
}


@pytest.mark.parametrize("task_id", PINNED)
def test_the_draw_never_moves(task_id):
    assert split_of(task_id) == PINNED[task_id]


def test_neither_phrasing_nor_order_nor_defaults_matter():
    said = "counter:width=11,enable=1,dir=down"
    same = ("counter:dir=down,width=11,enable=1@2", "counter:width=11,dir=down,enable=1@1")
    assert {split_of(other) for other in same} == {split_of(said)}


@pytest.mark.parametrize("name", ["counter", "mux", "requantise", "n3h/hw_fifo", "stream_fork"])
def test_a_share_of_every_parameter_is_held_out_and_never_its_default(name):
    for axis, values in splits.family_called(name).parameters.items():
        held = splits.held_values(name)[axis]
        wanted = max(1, round(0.15 * len(values))) if len(values) >= splits.FEWEST else 0
        assert len(held) == wanted
        assert held < set(values)
        assert values[0] not in held


def test_a_width_held_out_in_one_family_is_held_out_in_another():
    one, other = splits.held_values("counter")["width"], splits.held_values("gray")["width"]
    assert len(one & other) >= 8


def test_every_value_of_an_option_stays_in_training():
    for name, family in splits.all_families().items():
        held = splits.held_combinations(name) | splits.new_combinations(name)
        left = [c for c in splits._combinations(family) if c not in held]
        options = [n for n in family.options if n not in splits.EVERYWHERE]
        for at, option in enumerate(options):
            seen = {c[at] for c in splits._combinations(family)}
            assert {c[at] for c in left} == seen, (name, option)


def test_most_families_have_combinations_to_hold_out():
    held = [name for name in splits.all_families() if splits.held_combinations(name)]
    assert len(held) >= 55
    assert not splits.held_combinations("stream_fork")  # resets alone are no combination


@pytest.mark.parametrize("split", ["train", "S", "P-rl", "P-test", "C-rl", "C-test", "C-new"])
def test_ids_are_distinct_specs_of_their_split(split):
    found = ids(split, 120, 7)
    assert len({said.partition("@")[0] for said in found}) == len(found) == 120
    assert {split_of(said) for said in found} == {split}
    assert found == ids(split, 120, 7)
    assert found != ids(split, 120, 8)


def test_training_never_shows_a_held_value_or_combination():
    for said in ids("train", 400, 3):
        name, choice = splits._parsed(said)
        held = splits.held_values(name)
        assert not any(choice[axis] in values for axis, values in held.items())
        combination = splits._combination(splits.family_called(name), choice)
        assert combination not in splits.held_combinations(name) | splits.new_combinations(name)


def test_the_halves_of_c_share_combinations_and_no_spec():
    rl, test = ids("C-rl", 200, 1, ["alu"]), ids("C-test", 200, 1, ["alu"])
    assert rl
    assert test
    assert not {s.partition("@")[0] for s in rl} & {s.partition("@")[0] for s in test}
    of = [{splits._combination(splits.family_called("alu"), splits._parsed(s)[1]) for s in half}
          for half in (rl, test)]  # fmt: skip
    assert of[0] == of[1] == set(splits.held_combinations("alu"))


def test_families_are_drawn_in_turn_and_phrasings_by_the_seed():
    found = ids("train", 30, 1, ["counter", "gates", "fifo"])
    names = [said.partition(":")[0] for said in found]
    assert {names.count(name) for name in ("counter", "gates", "fifo")} == {10}
    assert {said[-2:] for said in found} == {"@0", "@1", "@2"}


def test_held_out_in_two_ways_is_in_no_split():
    rng, found = random.Random(1), 0
    family = splits.family_called("alu")
    for _ in range(2000):
        choice = family.sample(rng)
        if choice["width"] in splits.held_values("alu")["width"]:
            combination = splits._combination(family, choice)
            if combination in splits.held_combinations("alu"):
                found += 1
                assert split_of(family.id_of(choice)) == "out"
    assert found


def test_blocks_of_the_presets_are_in_no_split():
    assert not [s for s in ids("train", 40, 1, ["n3h/n3h_dpu"]) if "DK=64@" in s]
    assert split_of("n3h/n3h_dpu:DK=64") == "out"
    assert ids("train", 5, 1, ["n3h/n3h_bank_fill"]) == []


def test_an_unknown_family_is_a_sentence():
    with pytest.raises(UsageError, match="there is no task or family 'conter'"):
        ids("train", 1, 0, ["conter"])
    with pytest.raises(UsageError, match="hw_fifi"):
        split_of("n3h/hw_fifi:WIDTH=3")
