"""hwgen eval on small suites: both rules, in the jail, through the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import small_suites

from hwgen.benchsuites import upstream
from hwgen.benchsuites.health import check, judge
from hwgen.benchsuites.lab import Lab
from hwgen.benchsuites.verilog_eval import read
from hwgen.cli.app import main
from hwgen.verify.jail.cells import find_jail

REAL = Path(__file__).parents[3] / "shared" / "data" / "verilog-eval" / "spec-to-rtl"


def run(tmp_path, suite, folder, solutions, *more):
    environment = {"PATH": "/usr/bin:/bin", "HWGEN_CACHE": str(tmp_path / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "hwgen", "eval", suite, "--suite-dir", str(folder),
         "--solutions", str(solutions), *more],
        capture_output=True, text=True, env=environment, cwd=tmp_path.parent,
    )  # fmt: skip


def verdicts(tmp_path, suite, folder, solutions):
    ran = run(tmp_path, suite, folder, solutions, "--json", "--jobs", "2")
    assert ran.returncode == 0, ran.stderr
    data = json.loads(ran.stdout)
    both = {v["solution"]: (v["corrected"], v["upstream"]) for v in data["verdicts"]}
    return data, both


def write(folder, **texts):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.sv").write_text(text)


def test_references_of_verilog_eval_show_what_is_wrong_with_the_suite(tmp_path):
    suite = small_suites.verilog_eval(tmp_path / "suite")
    data, _ = verdicts(tmp_path, "verilog-eval", suite, "references")
    assert (data["total"], data["passed"], data["upstream_passed"]) == (4, 3, 2)
    issues = {(i["id"], i["rule"]): i["why"] for i in data["known_issues"]}
    assert set(issues) == {
        ("Prob003_wires", "corrected"), ("Prob003_wires", "upstream"), ("Prob004_long", "upstream"),
    }  # fmt: skip
    assert "is not a port of" in issues["Prob003_wires", "corrected"]
    assert issues["Prob004_long", "upstream"] == "TIMEOUT"
    again, _ = verdicts(tmp_path, "verilog-eval", suite, "references")
    assert again == data, "recordings from the cache give the same verdicts"


def test_only_the_corrected_rule_holds_against_forgery(tmp_path):
    suite = small_suites.verilog_eval(tmp_path / "suite")
    mine = tmp_path / "mine"
    write(
        mine / "Prob001_and",
        good=small_suites.AND,
        forged=small_suites.FORGED,
        wrong=small_suites.AND.replace("&", "|"),
        spare="module helper(input a, output y); assign y = a; endmodule\n" + small_suites.AND,
        narrow=small_suites.AND.replace("output [2:0]", "output [1:0]"),
    )
    write(
        mine / "Prob002_count",
        good=small_suites.COUNT,
        undefined=small_suites.COUNT.replace("q <= 0", "q <= 4'bx"),
        unreset=small_suites.COUNT.replace("if (reset) q <= 0;\n    else ", ""),
        late=small_suites.COUNT.replace("posedge", "negedge"),
        peeks=small_suites.COUNT.replace("q + 1", "tb.good1.q + 1"),
    )
    data, both = verdicts(tmp_path, "verilog-eval", suite, mine)
    passed = {name for name, (corrected, _) in both.items() if corrected == "pass"}
    assert passed == {
        "Prob001_and/good.sv", "Prob001_and/spare.sv", "Prob002_count/good.sv",
    }  # fmt: skip
    assert both["Prob001_and/forged.sv"][1] == "pass"
    assert both["Prob001_and/forged.sv"][0].startswith("screen: forbidden")
    assert both["Prob002_count/peeks.sv"][1] == "pass"
    assert both["Prob001_and/wrong.sv"][0].startswith("mismatch at ")
    assert both["Prob002_count/undefined.sv"][0].startswith("mismatch at ")
    assert (data["total"], data["passed"], data["upstream_passed"]) == (4, 2, 2)
    assert data["unattempted"] == ["Prob003_wires", "Prob004_long"]
    assert data["pass_at_k"]["1"]["value"] == pytest.approx((2 / 5 + 1 / 5) / 4)
    assert data["pass_at_k"]["5"]["value"] == pytest.approx(2 / 4)
    differ = {d["solution"] for d in data["disagreements"]}
    assert {"Prob001_and/forged.sv", "Prob002_count/peeks.sv"} <= differ


def test_upstreams_verdict_is_inferred_only_where_it_follows(tmp_path, monkeypatch):
    """Each of these computes the right thing; upstream's flow has its own opinion of some."""
    suite = small_suites.verilog_eval(tmp_path / "suite")
    problem = next(p for p in read(suite) if p.id == "Prob001_and")
    right = small_suites.AND
    texts = {
        "plain": f"// {right.splitlines()[1]}\n{right}",
        "directive": f"`define AND &\n{right.replace('&', '`AND')}",
        "taken": "module tb(input a); endmodule\n" + right,
        "idle": right.replace("endmodule", "wire w; reg r; always_comb r = 1'b0;\nendmodule"),
        "wrong": right.replace("&", "|"),
    }
    monkeypatch.setenv("HWGEN_CACHE", str(tmp_path / "cache"))
    with Lab(find_jail()) as lab:
        check(lab, "verilog-eval", problem)
        health = check(lab, "verilog-eval", problem)
        found = {n: judge(lab, "verilog-eval", health, n, text) for n, text in texts.items()}
        ran = {n: upstream.run(lab, "verilog-eval", problem, text) for n, text in texts.items()}
    assert health.reference.inferred
    assert {name for name, judged in found.items() if judged.inferred} == {"plain"}
    assert {name: judged.upstream for name, judged in found.items()} == ran
    assert {name for name, judged in found.items() if not judged.corrected} == {*texts} - {"wrong"}
    assert not ran["directive"]
    assert ran["taken"]
    assert ran["idle"]


def test_code_completion_puts_a_body_behind_the_interface(tmp_path):
    suite = small_suites.verilog_eval(tmp_path / "suite", completion=True)
    mine = tmp_path / "mine"
    write(mine, Prob001_and="  assign y = {3{a}} & b;\nendmodule\n")
    data, both = verdicts(tmp_path, "verilog-eval", suite, mine)
    assert both == {"Prob001_and.sv": ("pass", "pass")}
    assert (data["passed"], data["upstream_passed"]) == (1, 1)


@pytest.mark.parametrize("nested", [False, True])
def test_references_of_rtllm(tmp_path, nested):
    suite = small_suites.rtllm(tmp_path / "suite", nested=nested)
    data, _ = verdicts(tmp_path, "rtllm", suite, "references")
    assert (data["total"], data["passed"], data["upstream_passed"]) == (3, 2, 2)
    assert [(i["id"], i["rule"]) for i in data["known_issues"]] == [("empty", "both")]


def test_an_rtllm_bench_judges_without_meeting_the_candidate(tmp_path):
    suite = small_suites.rtllm(tmp_path / "suite")
    slower = small_suites.SLOWER_ADDER
    mine = tmp_path / "mine"
    write(
        mine / "slow_adder",
        slower=slower,
        wrong=slower.replace("a + b", "a - b"),
        undefined=slower.replace("sum <= sum_q", "sum <= 'bx"),
        never=slower.replace("done <= wait_q[1]", "done <= 0"),
    )
    forged = 'module rom(input [1:0] at, output [7:0] data); initial $display("Pass"); endmodule'
    write(mine / "rom", forged=forged, good=small_suites.TABLE)
    _, both = verdicts(tmp_path, "rtllm", suite, mine)
    corrected = {name for name, (why, _) in both.items() if why == "pass"}
    # the bench waits for the design: one that takes longer is as right
    assert corrected == {"slow_adder/slower.sv", "rom/good.sv"}
    upstream = {name for name, (_, why) in both.items() if why == "pass"}
    assert upstream == corrected | {"slow_adder/undefined.sv", "rom/forged.sv"}
    assert both["slow_adder/never.sv"][1] == "TIMEOUT"


@pytest.mark.parametrize(
    ("suite", "solutions", "said"),
    [
        ("nowhere", "references", "there is no folder"),
        ("suite", "nowhere", "there is no folder nowhere"),
        ("empty", "references", "holds no VerilogEval problems"),
    ],
)
def test_mistakes_are_sentences(tmp_path, suite, solutions, said):
    small_suites.verilog_eval(tmp_path / "suite")
    (tmp_path / "empty").mkdir()
    ran = run(tmp_path, "verilog-eval", tmp_path / suite, solutions)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def called(capsys, *arguments):
    """(exit code, stdout, stderr) of the command line in this process."""
    with pytest.raises(SystemExit) as left:
        main(["eval", *map(str, arguments)])
    said = capsys.readouterr()
    return left.value.code, said.out, said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tasks"], ["tasks: nobody answers", "--model"]),
        (["tasks", "--model", "a/b", "--solutions", "x", "--suite-dir", "y"],
         ["--model and --solutions are both given", "--solutions is for benchmarks",
          "--suite-dir is for benchmarks"]),
        (["rtllm", "--solutions", "x"], ["rtllm needs --suite-dir"]),
        (["rtllm", "--suite-dir", "."], ["rtllm: nobody answers", "--solutions"]),
        (["rtllm", "--suite-dir", ".", "--solutions", "references", "--samples", "5", "--top-p",
          "0.5", "--count", "3", "--family", "counter", "--resume"],
         ["--samples is for --model", "--top-p is for --model", "--count is for tasks",
          "--family is for tasks", "--resume needs a folder"]),
        (["tasks", "--model", "nowhere"], ["there is no folder nowhere"]),
        (["tasks", "--model", "./no/where"], ["there is no folder ./no/where"]),
        (["tasks", "--model", "FILE"], ["FILE is no folder"]),
        (["tasks", "--model", "DIR", "--count", "0"], ["--count 0 is too small"]),
        (["tasks", "--model", "DIR", "--samples", "5", "--temperature", "0"],
         ["5 samples at temperature 0 would all be the same"]),
        (["tasks", "--model", "DIR", "--samples", "0", "--temperature", "-1", "--top-p", "2"],
         ["0 samples", "temperature -1.0", "top-p 2.0"]),
        (["tasks", "--model", "DIR", "--split", "S,T"], ["no split 'T'", "splits are train, S"]),
        (["tasks", "--model", "DIR", "--family", "countr"], ["no task or family 'countr'"]),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_sentences(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hwgen.cli.policy.find_spec", lambda name: name)
    (tmp_path / "FILE").write_text("")
    (tmp_path / "DIR").mkdir()
    code, out, errors = called(capsys, *arguments)
    assert code == 2
    assert out == ""
    for words in said:
        assert words in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == ["DIR", "FILE"]


@pytest.mark.parametrize("suite", ["tasks", "verilog-eval"])
def test_a_model_without_its_libraries_is_a_missing_tool(suite, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("hwgen.cli.policy.find_spec", lambda name: None if "t" in name else name)
    more = [] if suite == "tasks" else ["--suite-dir", small_suites.verilog_eval(tmp_path / "s")]
    code, _, errors = called(capsys, suite, "--model", tmp_path, *more)
    assert code == 3
    assert "a model needs torch, transformers, tokenizers, peft, which are not" in errors
    assert "fix: pip install 'hwgen[train]'" in errors


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with a random model of some ten thousand parameters."""
    torch = pytest.importorskip("torch")
    from hwgen.training.policy import Size, new_policy, save_policy

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model") / "random"
    size = Size(layers=1, width=64, heads=2, vocab=320, context=448)
    save_policy(new_policy(size, ["module counter; endmodule"], 0), folder)
    return folder


def test_a_model_on_tasks_from_the_command_line(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    asked = ["tasks", "--model", model, "--count", 1, "--family", "counter", "--samples", 5,
             "--split", "S,C-test", "--jobs", 1]  # fmt: skip
    code, out, errors = called(capsys, *asked)
    assert code == 0, errors
    assert "random: 0 of 2 tasks passed" in out
    assert "0 of 1: split C-test is out of its domain" in out
    assert "10 samples for 2 tasks, 0 of them are there already" in errors
    folder = tmp_path / "eval-tasks"
    data = json.loads((folder / "result.json").read_text())
    assert list(data["splits"]) == ["S", "C-test"]
    assert data["splits"]["S"]["pass_at_k"]["5"]["value"] == 0
    assert sum(n for by in data["causes"].values() for n in by.values()) == 10
    answers = (folder / "answers.jsonl").read_bytes()
    code, _, errors = called(capsys, *asked)
    assert code == 2
    assert "--resume" in errors
    code, out, _ = called(capsys, *asked, "--resume", "--json")
    assert (code, json.loads(out)) == (0, data)
    assert (folder / "answers.jsonl").read_bytes() == answers


def test_a_model_on_a_benchmark_from_the_command_line(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HWGEN_CACHE", str(tmp_path / "cache"))
    suite = small_suites.verilog_eval(tmp_path / "suite")
    code, out, errors = called(
        capsys, "verilog-eval", "--suite-dir", suite, "--model", model, "-o", tmp_path / "out"
    )
    assert code == 0, errors
    assert "verilog-eval: 0 of 4 problems passed" in out
    assert "note: 0 of 4: verilog-eval is out of its domain" in out
    assert "4 of 4 problems answered" in errors
    assert len(list((tmp_path / "out" / "solutions").rglob("*.sv"))) == 4
    assert "out of its domain" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.skipif(not REAL.is_dir(), reason="VerilogEval's problems are not on this machine")
def test_a_perfect_model_on_verilog_eval(tmp_path):
    data, _ = verdicts(tmp_path, "verilog-eval", REAL, "references")
    assert (data["total"], data["passed"], data["upstream_passed"]) == (156, 153, 151)
    broken = {i["id"][:7] for i in data["known_issues"] if i["rule"] in ("both", "upstream")}
    assert broken == {"Prob082", "Prob099", "Prob141", "Prob151", "Prob156"}
    assert not [v for v in data["verdicts"] if v["corrected"].startswith("screen:")]
