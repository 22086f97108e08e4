"""Finished pictures are described by a model, one after another, while the next ones are being painted."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from engine.jobs.context import WorkerContext
from studio.db import outbox, queries
from studio.domain.jobs import Job, JobState
from studio.errors import ChatelierError
from studio.ports import Captioner
from studio.services.descriptions.picture_description import describe, save_description

_MOST_WAITING = 200  # jobs; of those beyond, pictures are described when somebody asks

log = logging.getLogger(__name__)


class PictureDescriptions:
    """Without a `captioner` nothing happens. What fails is left out."""

    def __init__(self, context: WorkerContext, captioner: Captioner | None) -> None:
        self._context = context
        self._captioner = captioner
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="descriptions")
        self._places = threading.BoundedSemaphore(_MOST_WAITING)

    def add(self, job: Job) -> None:
        """A job that has ended."""
        if self._captioner is not None and self._places.acquire(blocking=False):
            self._executor.submit(self._describe, job.id, self._captioner)

    def close(self) -> None:
        """What waits is left out: those pictures are described when somebody asks."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _describe(self, job_id: str, captioner: Captioner) -> None:
        context = self._context
        try:
            with context.database.read() as session:
                job = queries.find_job(session, job_id)
                pictures = queries.pictures_of_job(session, job_id) if job.state is JobState.DONE else []
            for picture in pictures:
                if picture.description:
                    continue
                text = describe(job, picture, captioner=captioner, gate=context.gate, store=context.store)
                with context.database.begin() as session:
                    event = save_description(session, job, picture, text)
                outbox.send(context.database, context.events, [event] if event else [])
        except ChatelierError as error:
            log.info("picture not described: %s", error.code, extra={"job_id": job_id})
        except Exception:  # a defect here must not end the thread
            log.exception("picture not described: unexpected error", extra={"job_id": job_id})
        finally:
            self._places.release()
