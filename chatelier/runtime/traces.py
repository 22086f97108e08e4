"""The tracer that is set, for one process."""

from collections.abc import Iterator
from contextlib import contextmanager

from chatelier.settings import Settings
from studio.errors import ConfigurationError
from studio.tracing import NoTracer, use_tracer


@contextmanager
def traces_of(settings: Settings, service: str) -> Iterator[None]:
    """Send the spans of this process while the block runs. Raises `ConfigurationError` without the libraries."""
    url = settings.traces.otlp_url
    if url is None:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from chatelier.runtime.tracing import OpenTelemetryTracer
    except ImportError as error:
        raise ConfigurationError(
            "CHATELIER_TRACES__OTLP_URL needs OpenTelemetry: pip install 'chatelier[traces]'"
        ) from error
    tracer = OpenTelemetryTracer(
        service, BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), share=settings.traces.share
    )
    use_tracer(tracer)
    try:
        yield
    finally:
        use_tracer(NoTracer())
        tracer.close()
