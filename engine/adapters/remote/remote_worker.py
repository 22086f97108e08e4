"""Calls to the servers of remote models, beside the devices: no step of anybody else waits for them."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from engine.adapters.remote.call_queue import CallQueue
from engine.adapters.remote.images_client import ImagesClient
from engine.adapters.remote.remote_model import RemoteModel, take_picture
from engine.batching.sample import Sample
from engine.batching.sample_group import SampleGroup
from engine.catalog.capabilities import Capabilities
from engine.catalog.entries import ModelEntry
from engine.catalog.remote_entry import RemoteEntry
from engine.generation_task import GenerationTask, Progress
from engine.imaging.codecs.sanitizer_process import UploadSanitizer, shared_sanitizer
from studio.errors import ChatelierError, GenerationError

log = logging.getLogger(__name__)


class _Server:
    """One model's client and queue. For the event loop's thread."""

    def __init__(self, client: ImagesClient, places: int) -> None:
        self.client = client
        self.queue = CallQueue(places)
        self.usual_seconds: float | None = None


class RemoteWorker:
    """Generates as a `DeviceWorker` does, with one event loop on a thread of its own. Called by many task threads."""

    def __init__(
        self,
        capabilities: Callable[[ModelEntry], Capabilities],
        *,
        sanitizer: UploadSanitizer | None = None,
        new_client: Callable[[str, RemoteEntry], ImagesClient] = ImagesClient,
    ) -> None:
        self._capabilities = capabilities
        self._sanitizer = sanitizer or shared_sanitizer()
        self._new_client = new_client
        self._entries: dict[str, ModelEntry] = {}
        self._models: dict[str, RemoteModel] = {}
        self._servers: dict[str, _Server] = {}
        self._groups: set[SampleGroup] = set()
        self._calls: dict[Sample, asyncio.Task[None]] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="remote-models", daemon=True)
        self._thread.start()

    # ---- from any thread

    def model(self, entry: ModelEntry) -> RemoteModel:
        with self._lock:
            if entry.name not in self._models:
                self._entries[entry.name] = entry
                self._models[entry.name] = RemoteModel(entry, self._capabilities(entry))
            return self._models[entry.name]

    def warm_up_tasks(self, entry: ModelEntry) -> list[GenerationTask]:
        """None: nothing is loaded here, and every call may cost money."""
        return []

    def generate(
        self,
        samples: Sequence[Sample],
        task: GenerationTask,
        *,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        on_finished: Callable[[Sample], None] | None = None,
    ) -> None:
        """As `SampleGroup.wait`. Raises `JobCancelledError`, or what went wrong with a call."""
        group = SampleGroup(samples, person=task.person, weight=task.weight)
        with self._lock:
            if self._closed:
                raise GenerationError(reason="shutting_down")
            self._loop.call_soon_threadsafe(self._submit, group)
        try:
            group.wait(on_progress=on_progress, cancelled=cancelled, on_finished=on_finished)
        finally:
            with self._lock:
                if not self._closed:
                    self._loop.call_soon_threadsafe(self._drop, group)

    def close(self) -> None:
        """Calls that are running are cut off; their tasks fail."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # ---- on the event loop's thread

    def _submit(self, group: SampleGroup) -> None:
        name = group.samples[0].model.name
        try:
            server = self._server(name)
        except ChatelierError as error:
            group.fail(error)
            return
        self._groups.add(group)
        group.step_seconds = server.usual_seconds
        for sample in group.samples:
            server.queue.put(sample)
        self._start_calls(server)

    def _server(self, name: str) -> _Server:
        """Raises `ModelLoadError` without its key."""
        if name not in self._servers:
            entry = self._entries[name]
            remote = entry.remote or RemoteEntry()
            self._servers[name] = _Server(self._new_client(entry.source, remote), remote.parallel)
        return self._servers[name]

    def _start_calls(self, server: _Server) -> None:
        while (sample := server.queue.take()) is not None:
            call = self._loop.create_task(self._call(server, sample))
            self._calls[sample] = call
            # A call that is cancelled before its first step runs nothing of `_call`.
            call.add_done_callback(partial(self._end_call, server, sample))

    def _drop(self, group: SampleGroup) -> None:
        """What still runs for a group that is over is cut off."""
        self._groups.discard(group)
        for sample in group.samples:
            if call := self._calls.get(sample):
                call.cancel()

    async def _call(self, server: _Server, sample: Sample) -> None:
        started = time.monotonic()
        try:
            data = await server.client.generate(sample.params)
            sample.picture = await asyncio.to_thread(take_picture, data, sample.params, self._sanitizer)
            sample.position = sample.steps
            sample.is_decoded = True
            server.usual_seconds = time.monotonic() - started
        except asyncio.CancelledError:
            pass
        except ChatelierError as error:
            _fail(sample, error)
        except Exception:
            log.exception("remote model failed: unexpected error")
            _fail(sample, GenerationError())

    def _end_call(self, server: _Server, sample: Sample, _: asyncio.Task[None]) -> None:
        del self._calls[sample]
        server.queue.release(sample)
        group = sample.group
        if group is not None and all(one.picture is not None for one in group.samples):
            group.finish()
        if not self._closed:
            self._start_calls(server)

    async def _shut_down(self) -> None:
        for group in self._groups:
            group.fail(GenerationError(reason="shutting_down"))
        calls = list(self._calls.values())
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for server in self._servers.values():
            await server.client.close()


def _fail(sample: Sample, error: BaseException) -> None:
    if sample.group is not None:
        sample.group.fail(error)
