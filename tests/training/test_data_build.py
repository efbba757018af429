"""A small data set from end to end: columns, counts, noise and its filter, leaks, the command."""

import json
from pathlib import Path

import pytest
from datasets import DatasetDict, load_from_disk
from typer.testing import CliRunner

from hwgen.cli.app import application
from hwgen.errors import UsageError
from hwgen.tasks.library import get_task
from hwgen.tasks.mutate import mutants_of
from hwgen.training.data.build import DataConfig, build
from hwgen.training.data.folder import load_rows
from hwgen.training.data.rows import COLUMNS, family_rows
from hwgen.training.data.splits import ids, split_of

FAMILIES = ("counter", "gates", "mux")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A store of verdicts for this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HWGEN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def small(cache, tmp_path_factory):
    """A set of 30 rows, its report, and what was said meanwhile."""
    folder, said = tmp_path_factory.mktemp("data") / "set", []
    config = DataConfig(rows=30, repair=0.2, held_out=5, seed=3)
    return folder, build(config, folder, families=FAMILIES, say=said.append), said


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_rows_have_all_columns_and_come_from_training_specs(small):
    rows = load_rows(small[0])
    assert rows.column_names == list(COLUMNS)
    assert {row["family"] for row in rows} == set(FAMILIES)
    for row in rows:
        task = get_task(row["id"].partition("#")[0])
        assert split_of(row["id"].partition("#")[0]) == "train"
        assert row["digest"] == task.digest
        assert row["complexity"] in ("Basic", "Intermediate", "Advanced", "Expert")
        assert row["prompt"].endswith("answer:\n")
        assert row["completion"].startswith(f"module {task.spec.module}")


def test_repair_rows_show_a_mutant_and_what_the_judge_said(small):
    rows = load_rows(small[0])
    repair = [row for row in rows if row["kind"] == "repair"]
    write = {row["id"]: row for row in rows if row["kind"] == "write"}
    assert len(repair) == 6 == round(0.2 * len(rows))
    for row in repair:
        right = write[row["id"].partition("#")[0]]
        wrong = row["prompt"].partition("wrong answer:\n")[2].partition("fault: ")
        assert wrong[0] in {mutant.text for mutant in mutants_of(right["completion"])}
        assert wrong[2].startswith(("An output differs", "The ", "A "))
        assert row["completion"] == right["completion"]
        assert 0 <= row["bench_killed"] <= row["bench_total"] <= 3


def test_the_report_counts_each_step_and_the_card_says_it(small):
    folder, report, said = small
    assert [step["rows"] for step in report["steps"]][:2] == [24, 24]
    assert report["steps"][-2] == {
        "step": "repair rows made", "rows": 30, "out": 0, "note": "6 of 6",
    }  # fmt: skip
    assert report["rows"] == {"all": 30, "write": 24, "repair": 6, "local": 0, "problems": 0}
    assert report["judged"][0].startswith("references: 24 of 24 simulated by the judge")
    assert sum(report["complexity"].values()) == 30
    assert json.loads((folder / "report.json").read_text()) == report
    card = (folder / "card.md").read_text()
    assert "| drawn from the families | 24 | 0 | 3 families |" in card
    assert any(line.startswith("judged: 24 rows") for line in said)


def test_held_out_specs_are_listed_and_no_reference_of_theirs(small):
    found = load_from_disk(str(small[0] / "set"))
    assert isinstance(found, DatasetDict)
    for name in set(found) - {"train"}:
        assert found[name].column_names == ["id", "family"]
        assert {split_of(said) for said in found[name]["id"]} == {name.replace("_", "-")}
    assert {"S", "P_test", "C_test"} <= set(found)


def test_the_same_configuration_gives_the_same_bytes(small, tmp_path):
    build(DataConfig(rows=30, repair=0.2, held_out=5, seed=3), tmp_path / "b", families=FAMILIES)
    assert contents(tmp_path / "b") == contents(small[0])


def test_the_judge_takes_noise_out(small, tmp_path):
    config = DataConfig(rows=24, repair=0, held_out=2, seed=3, noise=0.5, judge="all")
    report = build(config, tmp_path / "clean", families=FAMILIES)
    steps = {step["step"]: step for step in report["steps"]}
    assert steps["wrong twins swapped in"]["note"] == "12 references are now mutants"
    assert steps["judged"]["out"] >= 10
    right = {r.id: r.completion for r in family_rows(ids("train", 24, 3, FAMILIES))}
    kept = load_rows(tmp_path / "clean")
    wrong = [row["id"] for row in kept if row["completion"] != right[row["id"]]]
    assert len(kept) == 24 - steps["judged"]["out"]
    assert len(wrong) == 12 - steps["judged"]["out"]  # mutants that behave as the reference


def held_reference() -> str:
    said = ids("S", 1, 0, ["counter"])[0]
    return get_task(said).reference.replace("counter", "my_counter")


def test_a_held_out_spec_in_a_file_fails_the_build_or_is_left_out(cache, tmp_path):
    words = "module ok (input a, input b, output y); assign y = a ^ b; endmodule"
    file = tmp_path / "more.jsonl"
    rows = [{"description": "xor", "code": words},
            {"description": "a counter of mine", "code": held_reference()},
            {"description": "xor again", "code": words + "\n"},
            {"question": "an adder", "testbench": "module tb; endmodule"}]  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = DataConfig(rows=6, repair=0, held_out=5, local=(file,))
    with pytest.raises(UsageError, match=r"row more\.jsonl:2 holds counter:.*the same code"):
        build(config, tmp_path / "no", families=["counter"])
    assert not (tmp_path / "no").exists()
    dropped = config.model_copy(update={"drop_leaks": True})
    report = build(dropped, tmp_path / "yes", families=["counter"])
    kept = [row["id"] for row in load_rows(tmp_path / "yes") if row["family"] == "local"]
    assert kept == ["more.jsonl:1"]
    assert "more.jsonl:2 holds counter" in json.dumps(report["steps"])
    problems = load_from_disk(str(tmp_path / "yes" / "set"))["problems"]
    assert problems["prompt"][0] == "an adder"
    assert "local" in report["families"]


def test_a_problem_of_a_benchmark_fails_the_build(cache, tmp_path):
    suite, task = tmp_path / "suite", get_task(ids("train", 1, 0, ["counter"])[0])
    suite.mkdir()
    (suite / "Prob001_x_prompt.txt").write_text("something else")
    (suite / "Prob001_x_ref.sv").write_text(task.reference.replace("counter", "RefModule"))
    (suite / "Prob001_x_test.sv").write_text("module tb; endmodule")
    config = DataConfig(rows=4, repair=0, held_out=2, leak_check=(suite,))
    with pytest.raises(UsageError, match=r"row counter:.* holds VerilogEval Prob001_x"):
        build(config, tmp_path / "no", families=["counter"])


def test_the_command_builds_and_checks(small, tmp_path):
    app = application(["data"])
    where = str(tmp_path / "set")
    args = [
        "data",
        "build",
        "--rows",
        "6",
        "--family",
        "gates",
        "--repair",
        "0",
        "-o",
        where,
        "--json",
    ]
    built = CliRunner().invoke(app, args)
    assert built.exit_code == 0, built.output
    assert json.loads(built.stdout)["rows"]["all"] == 6
    checked = CliRunner().invoke(app, ["data", "check", where])
    assert checked.exit_code == 0, checked.output
    assert "6 rows have all columns" in checked.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["build"], "needs a folder"),
        (["build", "--rows", "0", "-o", "x"], "--rows = 0 is not usable"),
        (["build", "--family", "conter", "-o", "x"], "there is no task or family 'conter'"),
        (["build", "--family", "n3h/n3h_bank_fill", "-o", "x"], "no spec of these families"),
        (["check"], "needs a data set"),
        (["check", "absent"], "holds no data set"),
    ],
)
def test_bad_input_is_a_sentence(args, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(application(["data"]), ["data", *args])
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(UsageError, match="exists and is no data set"):
        build(DataConfig(rows=4), tmp_path, families=["counter"])
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_held_out_row_in_a_set_is_named_by_the_check(small, tmp_path):
    from hwgen.training.data.check import check

    found = load_from_disk(str(small[0] / "set"))
    held = found["S"]["id"][0]

    def spoil(row, number):
        return {"id": held} if number == 2 else {}

    found["train"] = found["train"].map(spoil, with_indices=True)
    found.save_to_disk(str(tmp_path / "set"))
    with pytest.raises(UsageError) as raised:
        check(tmp_path)
    assert raised.value.problems[0].what == f"row 2 ({held}): its spec is held out (S)"


def test_a_missing_or_wrong_column_is_named(small, tmp_path):
    found = load_from_disk(str(small[0] / "set"))
    DatasetDict(train=found["train"].remove_columns("prompt")).save_to_disk(str(tmp_path / "a/set"))
    with pytest.raises(UsageError, match="has no column prompt"):
        load_rows(tmp_path / "a")
    (tmp_path / "c" / "set").mkdir(parents=True)
    with pytest.raises(UsageError, match="cannot be read"):
        load_rows(tmp_path / "c")
