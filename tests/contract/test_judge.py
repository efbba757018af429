"""The judge from the command line and from Python: what people, scripts and pools see."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from hwgen.tasks.library import families, get_task
from hwgen.verify.judge import Judge, judge
from hwgen.verify.options import Options
from hwgen.verify.pool import Pool, judge_many, judge_many_async
from hwgen.verify.store import Store
from hwgen.verify.verdict import Verdict, feedback

TASK = get_task("counter:width=4,enable=1")
GOOD = TASK.reference
BAD = GOOD.replace("+", "-")
BOMB = """
module counter(input clk, input rst, input en, output reg [3:0] count);
    reg [39:0] fuse;
    always @(posedge clk)
        if (rst) begin count <= 0; fuse <= 0; end
        else begin
            fuse <= fuse + 1;
            if (en) count <= count + 1 + (fuse[39:20] == 20'hfffff);
        end
endmodule
"""


def hwgen(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "hwgen", *map(str, words)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options,
    )  # fmt: skip


@pytest.fixture
def sources(tmp_path):
    for name, text in (("good", GOOD), ("bad", BAD), ("bomb", BOMB)):
        (tmp_path / f"{name}.v").write_text(text)
    return tmp_path


def test_a_person_sees_stage_cause_mismatch_and_the_line_that_repeats_it(sources):
    run = hwgen("judge", sources / "bad.v", "--task", TASK.spec.id, "--seed", 5)
    assert run.returncode == 1
    lines = run.stdout.splitlines()
    assert lines[0].endswith("bad.v: FAIL at simulate: mismatch")
    assert "count is 4'hf, expected 4'h1" in run.stdout
    again = next(line for line in lines if "again:" in line).split("again: hwgen ")[1].split()
    assert hwgen(*again).stdout == run.stdout


def test_a_right_answer_is_proved_and_a_bomb_is_not(sources):
    good = hwgen("judge", sources / "good.v", "--task", TASK.spec.id)
    assert (good.returncode, good.stdout.split(": ")[1][:12]) == (0, "PASS, proved")
    bomb = hwgen("judge", sources / "bomb.v", "--task", TASK.spec.id)
    assert (bomb.returncode, "not-proved" in bomb.stdout) == (1, True)
    assert "44 state bits where 4 do" in bomb.stdout


def test_json_is_an_object_for_one_and_a_list_for_several(sources):
    one = json.loads(hwgen("judge", sources / "good.v", "--task", TASK.spec.id, "--json").stdout)
    assert {
        "outcome", "stage", "cause", "assurance", "mismatch", "cases", "checks", "state_bits",
        "cells", "seed", "seconds", "tools",
    } <= set(one)  # fmt: skip
    assert (one["outcome"], one["assurance"], one["state_bits"]) == ("PASS", "proved", 4)
    assert one["checks"]["done"] == one["checks"]["planned"] >= 300
    several = hwgen(
        "judge", *(sources / f"{n}.v" for n in ("bad", "good", "bomb")), "--task", TASK.spec.id,
        "--json", "--jobs", 2,
    )  # fmt: skip
    assert [v["cause"] for v in json.loads(several.stdout)] == ["mismatch", "", "not-proved"]
    assert several.returncode == 1


def test_a_candidate_of_several_files_is_a_folder(tmp_path):
    top = GOOD.replace("count <= count + 4'h1", "count <= next").replace(
        ");\n", ");\n    wire [3:0] next;\n    plus_one u_next (.a(count), .y(next));\n", 1
    )
    (tmp_path / "b.v").write_text(top)
    (tmp_path / "a.sv").write_text(
        "module plus_one(input [3:0] a, output [3:0] y); assign y = a + 4'd1; endmodule"
    )
    run = hwgen("judge", tmp_path, "--task", TASK.spec.id)
    assert "PASS, proved" in run.stdout, run.stdout
    alone = hwgen("judge", tmp_path / "b.v", "--task", TASK.spec.id)
    assert "undefined-module" in alone.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["judge", "none.v", "--task", "counter"], 2, "none.v cannot be read"),
        (["judge", "empty.v", "--task", "countr"], 2, "there is no task or family 'countr'"),
        (["judge", "empty.v", "--task", "counter:width=x"], 2, "width = x is not usable"),
        (["judge", ".", "--task", "."], 2, "has no task.yaml"),
        (["judge", "empty.v", "--task", "counter"], 1, "FAIL at screen: empty"),
        (["judge", "other.v", "--task", "counter"], 1, "FAIL at screen: no-module"),
        (["judge", "latin.v", "--task", "counter"], 1, "FAIL at screen: encoding"),
        (["tasks", "show"], 2, "needs a name"),
        (["tasks", "new", "."], 2, ". exists"),
    ],
)
def test_bad_input_gets_a_sentence_and_its_exit_code(tmp_path, words, code, said):
    (tmp_path / "empty.v").write_text("")
    (tmp_path / "other.v").write_text("module other; endmodule")
    (tmp_path / "latin.v").write_bytes("module counter; // \xe9\nendmodule".encode("latin-1"))
    run = hwgen(*words, cwd=tmp_path)
    assert (run.returncode, "Traceback" in run.stderr) == (code, False)
    assert said in run.stdout + run.stderr


def test_a_golden_model_that_fails_is_not_the_candidates_fault(tmp_path):
    hwgen("tasks", "new", tmp_path / "t")
    golden = tmp_path / "t" / "golden.py"
    golden.write_text(golden.read_text().replace("% 10", "% 0"))
    run = hwgen("judge", tmp_path / "t" / "reference.v", "--task", tmp_path / "t")
    assert run.returncode == 4
    assert "ERROR at simulate: golden" in run.stdout
    assert "ZeroDivisionError" in run.stdout


def test_waves_show_the_run(sources):
    vcd = sources / "w.vcd"
    run = hwgen("judge", sources / "bad.v", "--task", TASK.spec.id, "--waves", vcd)
    assert run.returncode == 1
    text = vcd.read_text()
    assert "$scope module dut" in text
    assert "count" in text


def test_an_interrupted_batch_keeps_what_is_finished(sources):
    slow = [sources / f"c{n}.v" for n in range(400)]
    for n, path in enumerate(slow):
        path.write_text(f"{GOOD}// {n}\n")
    command = [
        sys.executable, "-m", "hwgen", "judge", *slow, "--task", TASK.spec.id, "--json",
        "--jobs", "1",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # a shell's background jobs inherit a deaf ear for interrupts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(6)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, "interrupted" in err, "Traceback" in err) == (130, True, False)
    verdicts = json.loads(out)
    assert 0 < len(verdicts) < 400
    assert {v["outcome"] for v in verdicts} == {"PASS"}


def many(count):
    """Right and wrong candidates by turns, every fifth one a repetition of the first."""
    for n in range(count):
        text = GOOD if n % 2 == 0 else BAD
        yield TASK, {"c.v": f"{text}// {n if n % 5 else 0}\n"}


def test_a_pool_says_what_a_single_judge_says():
    options = Options(seed=11)
    pooled = dict(judge_many(many(12), options, jobs=2))
    with Judge(options) as alone:
        for number, (task, files) in enumerate(many(12)):
            assert alone.judge(task, files).same_as(pooled[number]), number
    assert sorted(pooled) == list(range(12))


def test_every_candidate_gets_one_verdict_though_workers_are_killed():
    verdicts: dict[int, Verdict] = {}
    with Pool(Options(seed=1, until="simulate"), 2) as pool:
        for n, (number, verdict) in enumerate(pool.judge_many(many(60))):
            assert number not in verdicts
            verdicts[number] = verdict
            if n in (5, 15, 25, 35):
                pool._workers[n % len(pool._workers)].process.kill()
    assert sorted(verdicts) == list(range(60))
    assert all(v.passed is (n % 2 == 0) for n, v in verdicts.items())


def test_no_process_outlives_its_pool():
    with Pool(Options(until="simulate"), 2) as pool:
        list(pool.judge_many(many(4)))
        pids = [w.process.pid for w in pool._workers]
        group = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True).stdout
        pairs = [tuple(map(int, line.split())) for line in group.splitlines()[1:]]
        below = {pid for pid, parent in pairs if parent in pids}
        assert below
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{p}") for p in below):
        time.sleep(0.05)
    assert not [p for p in {*pids, *below} if os.path.exists(f"/proc/{p}")]


def test_a_store_answers_for_what_was_judged_before(tmp_path):
    options = Options(seed=2, until="simulate")
    first = dict(judge_many(many(6), options, jobs=1, store=Store(tmp_path / "v.sqlite")))
    store = Store(tmp_path / "v.sqlite")
    with Pool(options, 1, store) as pool:
        assert dict(pool.judge_many(many(6))) == first
        assert not pool._workers


def test_an_event_loop_gets_the_same_verdicts():
    import asyncio

    async def run():
        with Pool(Options(seed=3, until="simulate"), 1) as pool:
            return {n: v.passed async for n, v in judge_many_async(many(5), pool)}

    assert asyncio.run(run()) == {n: n % 2 == 0 for n in range(5)}


def test_an_audit_in_the_other_lane_confirms_passes():
    verdict = judge(TASK, GOOD, Options(seed=4, until="simulate", audit=1.0))
    assert verdict.passed


def test_both_lanes_and_both_simulators_agree():
    for text in (GOOD, BAD):
        first = judge(TASK, text, Options(seed=6, until="simulate"))
        for lane in ("vector", "cocotb"):
            for sim in ("icarus", "verilator"):
                other = judge(TASK, text, Options(seed=6, until="simulate", lane=lane, sim=sim))
                assert other.same_as(first), (lane, sim)


def test_what_a_model_is_told_is_a_sentence_of_the_closed_set_and_numbers():
    said = feedback(judge(TASK, BAD, Options(seed=5)))
    assert said.startswith("An output differs from the expected value. Cycle ")
    assert said.endswith("of 9 cases passed.")


@pytest.mark.parametrize("name", sorted(families()))
def test_the_reference_of_every_family_passes(name):
    family = families()[name]
    task = family.task(family.default())
    with Judge(Options(seed=1)) as one:
        verdict = one.judge(task, {"c.v": task.reference})
    assert verdict.passed, verdict
    assert verdict.worthy
    assert len(set(task.phrasings)) == 3
