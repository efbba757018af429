"""The service over a pool that answers at once: what it takes, refuses, keeps apart."""

import time

import pytest
from fastapi.testclient import TestClient

from hwgen.errors import UsageError
from hwgen.serve import guard
from hwgen.serve.app import application
from hwgen.serve.desk import Desk
from hwgen.serve.tokens import read_tokens
from hwgen.verify.verdict import Verdict

TOKENS = {"ann": "a" * 32, "bob": "b" * 32}
ANN = {"Authorization": f"Bearer {TOKENS['ann']}", "Host": "localhost"}
BOB = {"Authorization": f"Bearer {TOKENS['bob']}", "Host": "localhost"}
COUNTER = {"task": "counter:width=4", "rtl": "module counter; endmodule"}


class FakePool:
    """Passes what holds the word good; judges only when `open`."""

    def __init__(self, is_open=True):
        self.is_open, self.held, self.room = is_open, [], 8

    def submit(self, number, task, files):
        self.held.append((number, files))

    def finished(self, timeout):
        if not self.is_open:
            time.sleep(timeout)
            return []
        held, self.held = self.held, []
        return [(n, self.verdict(files)) for n, files in held]

    def verdict(self, files):
        if "good" in "".join(files.values()):
            return Verdict("PASS", "prove", assurance="proved", seed=1234, seconds=0.5)
        return Verdict.stopped("screen", "syntax")


@pytest.fixture
def service():
    with TestClient(application(Desk(FakePool(), room=4), TOKENS)) as client:
        yield client


@pytest.fixture
def stuck():
    with TestClient(application(Desk(FakePool(is_open=False), room=4), TOKENS)) as client:
        yield client


def batch(name, *sources, task="counter:width=4"):
    return {"id": name, "candidates": [{"task": task, "rtl": text} for text in sources]}


def wait_for(client, name, count, headers=ANN):
    for _ in range(200):
        said = client.get(f"/v1/batches/{name}", headers=headers).json()
        if said["done"] == count:
            return said
        time.sleep(0.01)
    raise AssertionError(f"{name} never finished: {said}")


def test_a_batch_gets_its_verdicts_without_the_seed(service):
    answer = service.post("/v1/batches", json=batch("batch-01", "good", "bad"), headers=ANN)
    assert answer.status_code == 202
    assert answer.json() == {"id": "batch-01", "total": 2, "done": 0, "verdicts": {}} | {
        "done": answer.json()["done"]
    }
    said = wait_for(service, "batch-01", 2)
    assert {n: v["outcome"] for n, v in said["verdicts"].items()} == {"0": "PASS", "1": "FAIL"}
    assert all("seed" not in v for v in said["verdicts"].values())
    rest = service.get("/v1/batches/batch-01?since=1", headers=ANN).json()
    assert len(rest["verdicts"]) == 1


def test_sending_a_batch_twice_takes_it_once_and_another_under_its_name_never(service):
    for _ in range(2):
        service.post("/v1/batches", json=batch("batch-02", "good"), headers=ANN)
    wait_for(service, "batch-02", 1)
    metrics = service.get("/metrics", headers=ANN).text
    assert 'hwgen_verdicts_total{outcome="PASS",stage="prove"} 1.0' in metrics
    other = service.post("/v1/batches", json=batch("batch-02", "else"), headers=ANN)
    assert other.status_code == 409


def test_nobody_sees_the_batch_of_another(service):
    service.post("/v1/batches", json=batch("batch-03", "good"), headers=ANN)
    assert service.get("/v1/batches/batch-03", headers=BOB).status_code == 404


def test_a_full_desk_says_so_and_keeps_nothing(stuck):
    stuck.post("/v1/batches", json=batch("batch-04", "1", "2", "3"), headers=ANN)
    full = stuck.post("/v1/batches", json=batch("batch-05", "4", "5"), headers=ANN)
    assert (full.status_code, full.headers["retry-after"]) == (429, "1")
    assert "there is room for 4" in full.json()["detail"]
    assert stuck.get("/v1/batches/batch-05", headers=ANN).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost"}, 401),
        ({"Host": "localhost", "Authorization": "Bearer " + "c" * 32}, 401),
        ({**ANN, "Host": "evil.example"}, 421),
        ({**ANN, "Host": "localhost", "Origin": "http://evil.example"}, 403),
        ({**ANN, "Host": "localhost", "Origin": "http://localhost"}, 202),
        ({**ANN, "Host": "localhost:8321"}, 202),
    ],
)
def test_who_may_ask(service, headers, status):
    answer = service.post("/v1/batches", json=batch("batch-06", "good"), headers=headers)
    assert answer.status_code == status


def test_a_body_is_refused_by_its_size_before_it_is_parsed(service, monkeypatch):
    monkeypatch.setattr(guard, "BODY", 1000)
    long = b'{"id": ' + b" " * 2000
    answer = service.post("/v1/batches", content=long, headers=ANN)
    assert answer.status_code == 413

    def chunks():
        for _ in range(30):
            yield b" " * 100

    answer = service.post("/v1/batches", content=chunks(), headers=ANN)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (batch("short", "x"), "id"),
        (batch("batch-07"), "candidates"),
        (batch("batch-07", "x", task="nothing"), "there is no task or family 'nothing'"),
        (batch("batch-07", "x", task="counter:width=99"), "width = 99 is not usable"),
        (batch("batch-07", "x", task="."), "there is no task or family '.'"),
        (batch("batch-07", "x" * 200_000), "its source has 1 to 131072 characters"),
        (batch("batch-07", "x") | {"golden": "import os"}, "golden"),
    ],
)
def test_bad_requests_get_a_sentence(service, sent, said):
    answer = service.post("/v1/batches", json=sent, headers=ANN)
    assert answer.status_code == 422
    assert said in answer.text


def test_health_needs_no_token_and_says_when_nothing_is_judged():
    desk = Desk(FakePool(), room=4)
    with TestClient(application(desk, TOKENS)) as client:
        assert client.get("/health", headers={"Host": "localhost"}).json()["status"] == "ok"
        desk.stop()
        assert client.get("/health", headers={"Host": "localhost"}).status_code == 503


def test_a_token_file_is_made_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "tokens"
    first = read_tokens(path)
    assert len(first["default"]) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_tokens(path) == first


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("ann " + "a" * 32, 0o644, "can be read by others"),
        ("ann short", 0o600, "line 1 is not usable"),
        ("# nobody", 0o600, "holds no token"),
    ],
)
def test_a_token_file_that_is_not_safe_is_refused(tmp_path, text, mode, said):
    path = tmp_path / "tokens"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(UsageError, match=said):
        read_tokens(path)
