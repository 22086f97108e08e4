"""The trace of a job: its command here, its painting in a real Celery worker, and its delivery here again."""

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bots.process.thread_pools import Pool, ThreadPools
from bots.web.live.live_consumer import LiveEventConsumer
from chatelier.runtime.traces import traces_of
from chatelier.runtime.tracing import OpenTelemetryTracer, first_span_id_of, trace_id_of
from chatelier.settings import load_settings
from engine.queue.redis_events import RedisEvents
from studio.domain.events import Event, JobEnded
from studio.domain.jobs import JobState
from studio.ports import Ports
from studio.tracing import NoTracer, tracer, use_tracer
from tests.support.stepwise_workers import PATIENCE_SECONDS, Workers, wait_for


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    used = OpenTelemetryTracer("web", SimpleSpanProcessor(exporter))
    use_tracer(used)
    yield exporter
    use_tracer(NoTracer())
    used.close()


class Page:
    """The people of one web process."""

    def __init__(self) -> None:
        self.shown = asyncio.Event()

    async def show(self, event: Event) -> None:
        if isinstance(event, JobEnded):
            self.shown.set()

    async def handle(self, event: Event) -> None: ...


def facts(span: Any) -> dict[str, Any]:
    return json.loads(span.to_json()) if not isinstance(span, str) else json.loads(span)


async def test_a_job_is_one_trace_from_the_command_to_the_picture_with_ids_only(
    exported: InMemorySpanExporter,
    ports: Ports,
    redis_url: str,
    tmp_path: Path,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, folder = tmp_path / "spans", tmp_path / "begun"
    folder.mkdir()
    (folder / "go").touch()
    monkeypatch.setenv("TEST_SPANS", str(file))
    page, pools = Page(), ThreadPools("test", {Pool.DATABASE: 1})
    with (
        closing(RedisEvents(redis_url)) as events,
        closing(Workers(ports, redis_url, folder, repository)) as workers,
    ):
        consumer = LiveEventConsumer(events, page, pools, consumer="room")  # type: ignore[arg-type]
        consumer.start()
        workers.start("one")
        job = await asyncio.to_thread(workers.ask)
        await asyncio.to_thread(
            wait_for, lambda: workers.state_of(job) is JobState.DONE, what="the end of the job"
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            await page.shown.wait()
        await asyncio.to_thread(
            wait_for, lambda: file.exists() and '"work"' in file.read_text(), what="the spans of the worker"
        )
        await asyncio.to_thread(consumer.stop)
        await consumer.finish(seconds=PATIENCE_SECONDS)
    pools.close()
    spans = [facts(span) for span in (*exported.get_finished_spans(), *file.read_text().splitlines())]
    by_name = {span["name"]: span for span in spans}
    assert by_name.keys() == {"command", "wait", "work", "generate", "deliver"}
    assert {span["context"]["trace_id"] for span in spans} == {f"0x{trace_id_of(job):032x}"}
    first = f"0x{first_span_id_of(job):016x}"
    assert (by_name["command"]["context"]["span_id"], by_name["command"]["parent_id"]) == (first, None)
    assert by_name["work"]["parent_id"] == by_name["deliver"]["parent_id"] == first
    work = by_name["work"]["context"]["span_id"]
    assert by_name["generate"]["parent_id"] == by_name["wait"]["parent_id"] == work
    assert by_name["deliver"]["end_time"] > by_name["work"]["start_time"] >= by_name["command"]["start_time"]
    for span in spans:
        assert span["attributes"]["chatelier.job_id"] == job
        assert "red apple" not in json.dumps(span), "of a prompt nothing is in a span"


def test_an_error_leaves_its_kind_and_not_its_words(exported: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="red apple"), tracer().span("generate", "k3v9m2p4qx7a"):
        raise ValueError("a red apple")
    (span,) = map(facts, exported.get_finished_spans())
    assert span["status"] == {"status_code": "ERROR", "description": "ValueError"}
    assert span["events"] == []


class Collector(BaseHTTPRequestHandler):
    bodies: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.bodies.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_spans_reach_a_collector_where_one_is_set_and_nothing_is_recorded_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with traces_of(load_settings(), "web"):
        assert isinstance(tracer(), NoTracer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("CHATELIER_TRACES__OTLP_URL", f"http://127.0.0.1:{server.server_port}/v1/traces")
    with traces_of(load_settings(), "web"), tracer().span("generate", "k3v9m2p4qx7a"):
        pass
    server.shutdown()
    server.server_close()
    ((path, body),) = Collector.bodies
    assert path == "/v1/traces"
    spans = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    assert b"k3v9m2p4qx7a" in spans
    assert isinstance(tracer(), NoTracer)
