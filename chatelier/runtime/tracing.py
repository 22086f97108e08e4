"""Spans of jobs to an OpenTelemetry collector. Needs the extra ``traces``."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from studio import __version__

_first_span: ContextVar[str | None] = ContextVar("_first_span", default=None)


class JobIds(RandomIdGenerator):
    """The first span of a job and its trace have ids that follow from the job's."""

    def generate_trace_id(self) -> int:
        job_id = _first_span.get()
        return super().generate_trace_id() if job_id is None else trace_id_of(job_id)

    def generate_span_id(self) -> int:
        job_id = _first_span.get()
        return super().generate_span_id() if job_id is None else first_span_id_of(job_id)


def trace_id_of(job_id: str) -> int:
    """128 bits, the same in every process, and not 0."""
    return int.from_bytes(_digest(job_id)[:16]) or 1


def first_span_id_of(job_id: str) -> int:
    """64 bits, in the same way."""
    return int.from_bytes(_digest(job_id)[16:24]) or 1


def _digest(job_id: str) -> bytes:
    return hashlib.sha256(f"chatelier job {job_id}".encode()).digest()


class OpenTelemetryTracer:
    """Implements `studio.tracing.Tracer`. `share` of all jobs are traced, the same ones in every process."""

    def __init__(self, service: str, processor: SpanProcessor, *, share: float = 1.0) -> None:
        resource = Resource.create({"service.name": f"chatelier-{service}", "service.version": __version__})
        self._provider = TracerProvider(
            sampler=TraceIdRatioBased(share), resource=resource, id_generator=JobIds(), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("chatelier", __version__)

    def record(
        self, name: str, job_id: str, *, since: datetime, first: bool = False, **ids: str | int
    ) -> None:
        token = _first_span.set(job_id if first else None)
        try:
            span = self._tracer.start_span(
                name,
                context=None if first else self._context(job_id),
                attributes=_attributes(job_id, ids),
                start_time=int(since.timestamp() * 1e9),
            )
        finally:
            _first_span.reset(token)
        span.end()

    @contextmanager
    def span(self, name: str, job_id: str, **ids: str | int) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            name,
            context=self._context(job_id),
            attributes=_attributes(job_id, ids),
            record_exception=False,  # whose text may hold a prompt
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()

    def _context(self, job_id: str) -> Any:
        """Below the span that is open on this thread, if it is of the same job, else below the first one."""
        current = trace.get_current_span().get_span_context()
        if current.trace_id == trace_id_of(job_id):
            return None
        first = SpanContext(
            trace_id=trace_id_of(job_id),
            span_id=first_span_id_of(job_id),
            is_remote=True,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
        return trace.set_span_in_context(NonRecordingSpan(first))


def _attributes(job_id: str, ids: dict[str, str | int]) -> dict[str, str | int]:
    return {"chatelier.job_id": job_id, **{f"chatelier.{name}": value for name, value in ids.items()}}
