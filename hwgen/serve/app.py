"""The service: batches in, verdicts out. Registered task ids and Verilog text only.

POST /v1/batches       {"id", "candidates": [{"task", "rtl"}]}: taken once, however often it is sent
GET  /v1/batches/{id}  {"id", "total", "done", "verdicts": {number: verdict}}; ?since=N for the rest
GET  /health           whether verdicts are being made
GET  /metrics          counters in Prometheus's text format
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel, ConfigDict, Field

from hwgen import __version__
from hwgen.errors import UsageError
from hwgen.serve.desk import Batch, Conflict, Desk, Full, published
from hwgen.serve.guard import LOOPBACK, Guard
from hwgen.tasks.library import get_task
from hwgen.tasks.task import Task

MOST = 1024  # candidates of a batch
SOURCE = 1 << 17  # characters of one candidate; the screen's own limit is lower
RETRY_S = 1


class CandidateIn(BaseModel):
    """One candidate: the id of a built-in task, and Verilog text or files by name."""

    model_config = ConfigDict(extra="forbid")
    task: Annotated[str, Field(max_length=200)]
    rtl: str | dict[str, str]


class BatchIn(BaseModel):
    """Candidates under an id of the submitter's choice, which makes sending them again harmless."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{8,64}$")]
    candidates: Annotated[list[CandidateIn], Field(min_length=1, max_length=MOST)]


def application(desk: Desk, tokens: Mapping[str, str], hosts: frozenset[str] = LOOPBACK) -> FastAPI:
    """The ASGI application over a desk, which it starts and stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.start()
        yield
        desk.stop()

    app = FastAPI(title="hwgen judge", version=__version__, lifespan=lifespan)
    app.add_middleware(Guard, tokens=tokens, hosts=hosts)
    registry = CollectorRegistry()
    registry.register(_Figures(desk))

    @app.post("/v1/batches", status_code=202)
    def submit(batch: BatchIn, request: Request) -> dict[str, Any]:
        candidates = [(_task(c.task), _files(c, n)) for n, c in enumerate(batch.candidates)]
        try:
            taken = desk.submit(request.state.owner, batch.id, candidates)
        except Conflict:
            raise HTTPException(409, f"batch {batch.id} was sent with other candidates") from None
        except Full:
            said = f"{desk.load} candidates wait, there is room for {desk.room}"
            raise HTTPException(429, said, {"Retry-After": str(RETRY_S)}) from None
        return _state(batch.id, taken, taken.total)

    @app.get("/v1/batches/{batch_id}")
    def look(batch_id: str, request: Request, since: int = 0) -> dict[str, Any]:
        batch = desk.find(request.state.owner, batch_id)
        if batch is None:
            raise HTTPException(404, f"there is no batch {batch_id[:64]} of yours")
        return _state(batch_id, batch, since)

    @app.get("/health")
    def health(response: Response) -> dict[str, Any]:
        if not desk.alive:
            response.status_code = 503
        return {"status": "ok" if desk.alive else "stopped", "version": __version__}

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _state(batch_id: str, batch: Batch, since: int) -> dict[str, Any]:
    """A batch and its verdicts from the `since`-th on, in the order in which they were finished."""
    finished = list(batch.verdicts.items())[since:]
    verdicts = {str(number): published(verdict) for number, verdict in finished}
    done = len(batch.verdicts)
    return {"id": batch_id, "total": batch.total, "done": done, "verdicts": verdicts}


def _task(task_id: str) -> Task:
    try:
        return get_task(task_id)  # never a folder: golden.py of a stranger is not run
    except UsageError as error:
        raise HTTPException(422, "; ".join(p.what for p in error.problems)) from error


def _files(candidate: CandidateIn, number: int) -> dict[str, str | bytes]:
    rtl = candidate.rtl
    files: dict[str, str | bytes] = {"candidate.v": rtl} if isinstance(rtl, str) else {**rtl}
    if not files or sum(map(len, files.values())) > SOURCE:
        said = f"candidate {number}: its source has 1 to {SOURCE} characters"
        raise HTTPException(422, said)
    return files


class _Figures(Collector):
    """What the desk counts, when somebody asks."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def collect(self) -> list[Metric]:
        verdicts = CounterMetricFamily(
            "hwgen_verdicts", "Verdicts by outcome and last stage.", labels=["outcome", "stage"]
        )
        for (outcome, stage), count in self.desk.judged.items():
            verdicts.add_metric([outcome, stage], count)
        seconds = CounterMetricFamily("hwgen_judging_seconds", "Time that verdicts took.")
        seconds.add_metric([], self.desk.seconds)
        load = GaugeMetricFamily("hwgen_waiting", "Candidates without a verdict.")
        load.add_metric([], self.desk.load)
        room = GaugeMetricFamily("hwgen_room", "Candidates that may wait.")
        room.add_metric([], self.desk.room)
        return [verdicts, seconds, load, room]
