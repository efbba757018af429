"""A cluster of two nodes on this machine: one is killed, one lies, and every verdict is right."""

import os
import random
import secrets
import sys

import pytest

from hwgen.cluster.canary import canaries
from hwgen.cluster.driver import CHUNK, Cluster
from hwgen.cluster.node import Node
from hwgen.errors import HwgenError, UsageError
from hwgen.tasks.library import get_task
from hwgen.verify.options import Options

# Ray reads these once, when it is imported
os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
ray = pytest.importorskip("ray", reason="the extra `cluster` is not installed")

TASK = get_task("counter:width=4")
OPTIONS = Options(until="simulate", seed=3)


class Liar(Node):
    """Says PASS of everything on the node `lies_on`."""

    lies_on = ""

    def judge(self, items):
        said = Node.judge(self, items)
        if ray.get_runtime_context().get_node_id() != self.lies_on:
            return said
        return [{**verdict, "outcome": "PASS", "cause": ""} for verdict in said]


def candidates(count):
    """Right and wrong counters by turns, each a text of its own."""
    for n in range(count):
        text = TASK.reference if n % 2 == 0 else TASK.reference.replace("+", "-")
        yield TASK, {"c.v": f"{text}// {n}\n"}


@pytest.fixture
def machines():
    """Two nodes of one core; gives the running cluster."""
    from ray.cluster_utils import Cluster as Machines

    made = Machines(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "object_store_memory": 10**8},
    )
    made.add_node(num_cpus=1, object_store_memory=10**8)
    yield made
    ray.shutdown()
    made.shutdown()


def right(verdicts):
    return all((outcome == "PASS") is (n % 2 == 0) for n, outcome in verdicts.items())


def test_a_killed_node_costs_time_and_no_verdict(machines):
    count, verdicts = 5 * CHUNK, {}
    with Cluster(machines.address, OPTIONS, jobs=1) as cluster:
        assert len(cluster.nodes) == 2
        for n, (number, verdict) in enumerate(cluster.judge_many(candidates(count))):
            assert number not in verdicts
            verdicts[number] = verdict.outcome
            if n == 10:
                (worker,) = machines.worker_nodes
                machines.remove_node(worker, allow_graceful=False)
        assert len(verdicts) == count
        assert right(verdicts)
        assert len(cluster.quarantined) == 1


def test_a_lying_node_is_not_believed(machines):
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    machines.wait_for_nodes()
    ray.init(address=machines.address, log_to_driver=False, logging_level="ERROR")
    liar = ray.nodes()[1]["NodeID"]
    ray.shutdown()

    Liar.lies_on = liar
    with Cluster(machines.address, OPTIONS, jobs=1, node_class=Liar) as cluster:
        verdicts = {n: v.outcome for n, v in cluster.judge_many(candidates(3 * CHUNK))}
        assert list(cluster.quarantined) == [liar]
        assert "told wrong" in cluster.quarantined[liar]
    assert len(verdicts) == 3 * CHUNK
    assert right(verdicts)


def test_no_node_left_is_said(machines):
    with Cluster(machines.address, OPTIONS, jobs=1) as cluster:
        for name in list(cluster.nodes):
            cluster._quarantine(name, "for this test")
        with pytest.raises(HwgenError, match="no node of the cluster is left"):
            list(cluster.judge_many(candidates(3)))


def test_a_cluster_without_authentication_is_refused(monkeypatch):
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    with pytest.raises(UsageError, match="token authentication is off"):
        Cluster("127.0.0.1:1")


def test_canaries_are_right_and_wrong_and_never_the_same():
    rng = random.Random(1)
    sources = set()
    for _ in range(50):
        good, bad = canaries(rng)
        assert good.good
        assert not bad.good
        assert good.files != {"candidate.v": good.task.reference}
        assert bad.task.reference not in bad.files["candidate.v"]
        sources |= {good.files["candidate.v"], bad.files["candidate.v"]}
    assert len(sources) == 100
