"""Pictures under inspection. Fail closed: a picture that cannot be judged is not shown."""

import io
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TypeVar

from PIL import Image

from moderation.findings import Finding, weigh
from moderation.metrics import RULE_FAILURES
from moderation.policy import Policy, default_policy
from moderation.rules.image.subject import ImageRule, ImageSubject
from studio.errors import InspectionFailed
from studio.ports import Inspection
from studio.verdicts import Verdict

logger = logging.getLogger(__name__)
T = TypeVar("T")

_TIMEOUT_SECONDS = 20.0
_PLACES = 16
MAX_PIXELS = 2048 * 2048 * 16  # the largest picture painted here, upscaled four times
MAX_BYTES = 256 * 2**20


class Inspector:
    """Runs every rule over a picture, each within the time limit. Safe for many threads."""

    def __init__(
        self,
        rules: Sequence[ImageRule],
        *,
        policy: Policy | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._rules = tuple(rules)
        self._policy = policy or default_policy()
        self._timeout_seconds = timeout_seconds
        # A rule that hangs keeps its place. With all places taken every inspection is late, and so fails.
        self._places = threading.BoundedSemaphore(_PLACES)

    def judge(self, inspection: Inspection, *, policy: Policy | None = None) -> Verdict:
        """By the policy of a community, or by the operator's.

        Raises `InspectionFailed` for a picture that cannot be read, and when a rule fails or is late.
        """
        subject = self._answer("reading", partial(read_picture, inspection))
        findings = [self._answer(rule.name, partial(rule.judge, subject)) for rule in self._rules]
        verdict = weigh(_judged(findings, policy or self._policy))
        hashes = self._answer("fingerprint", lambda: subject.hashes)
        return replace(verdict, fingerprint=hashes[0].hex)

    def _answer(self, name: str, ask: Callable[[], T]) -> T:
        try:
            return self._in_time(name, ask)
        except Exception as error:
            RULE_FAILURES.labels("picture", name).inc()
            logger.error("the picture rule %s failed: %s", name, type(error).__name__)
            raise InspectionFailed from error

    def _in_time(self, name: str, ask: Callable[[], T]) -> T:
        """Ask in a thread of its own, which dies with the process even when the rule never returns."""
        if not self._places.acquire(timeout=self._timeout_seconds):
            raise TimeoutError
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(ask())
            except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is awaited
                answer.set_exception(error)
            finally:
                self._places.release()

        threading.Thread(target=run, name=f"inspection-{name}", daemon=True).start()
        return answer.result(self._timeout_seconds)


def _judged(findings: Iterable[Finding | None], policy: Policy) -> Iterator[Finding]:
    for finding in findings:
        if finding is not None and (judged := policy.apply(finding)) is not None:
            yield judged


def read_picture(inspection: Inspection) -> ImageSubject:
    """Raises ValueError or OSError for anything but one whole, still PNG of a size that is painted here."""
    if len(inspection.png) > MAX_BYTES:
        raise ValueError("more bytes than any picture has")
    with Image.open(io.BytesIO(inspection.png), formats=("PNG",)) as image:
        if getattr(image, "n_frames", 1) != 1:
            raise ValueError("more than one frame")
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("more pixels than any picture has")
        image.load()
        return ImageSubject(
            kind=inspection.kind,
            person=inspection.person,
            request=inspection.request,
            image=image.convert("RGB"),
        )
