"""Pictures under inspection. Fail closed: a picture that cannot be judged is not shown."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace

from moderation.metrics import RULE_FAILURES
from moderation.policy.findings import Finding, weigh
from moderation.policy.policy import Policy, default_policy
from moderation.rules.image.subject import ImageRule, ImageSubject
from moderation.vision.image_analysis import ImageFeatures, LocalFeatures, decode, is_painted_here
from studio.domain.verdicts import Verdict
from studio.errors import InspectionError
from studio.ports import Inspected, Inspection

logger = logging.getLogger(__name__)

See = Callable[[bytes], ImageFeatures]

_TIMEOUT_SECONDS = 20.0
_PLACES = 16


class ImageJudge:
    """Runs every rule over a picture, each within the time limit. Safe for many threads."""

    def __init__(
        self,
        rules: Sequence[ImageRule],
        *,
        policy: Policy | None = None,
        see: See | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        """`see` looks at an encoded picture; without it that is done here."""
        self._see = see
        self._rules = tuple(rules)
        self._policy = policy or default_policy()
        self._timeout_seconds = timeout_seconds
        # A rule that hangs keeps its picture's place. With all places taken every inspection is late, and so fails.
        self._places = threading.BoundedSemaphore(_PLACES)

    def judge(self, inspection: Inspection, *, policy: Policy | None = None) -> Verdict:
        """By the policy of a community, or by the operator's.

        Raises `InspectionError` for a picture that cannot be read, and when a rule fails or is late.
        """
        look = _Look(inspection, self._see, self._rules)
        try:
            findings, fingerprint = self._in_time(look)
        except Exception as error:
            RULE_FAILURES.labels("picture", look.rule).inc()
            logger.error("image rule failed: rule=%s error=%s", look.rule, type(error).__name__)
            raise InspectionError from error
        verdict = weigh(_apply_policy(findings, policy or self._policy))
        return replace(verdict, fingerprint=fingerprint)

    def _in_time(self, look: "_Look") -> "_Seen":
        """Look in a thread of its own, which dies with the process even when a rule never returns."""
        if not self._places.acquire(timeout=self._timeout_seconds):
            raise TimeoutError

        def run() -> None:
            try:
                look.go()
            finally:
                self._places.release()

        threading.Thread(target=run, name="inspection", daemon=True).start()
        return look.wait(self._timeout_seconds)


_Seen = tuple[list[Finding | None], str]  # what each rule found, and the fingerprint


class _Look:
    """One picture's way past all rules. `rule` is the one that judges it now."""

    def __init__(self, inspection: Inspection, see: See | None, rules: Sequence[ImageRule]) -> None:
        self._inspection = inspection
        self._see = see
        self._rules = rules
        self._seen: Future[_Seen] = Future()
        self._begin("reading")

    def go(self) -> None:
        try:
            self._seen.set_result(self._look())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            self._seen.set_exception(error)

    def wait(self, seconds: float) -> _Seen:
        """Blocks until the end. Raises what a rule raised, and TimeoutError when one takes longer than `seconds`."""
        while not self._seen.done():
            left_seconds = self._since + seconds - time.monotonic()
            if left_seconds <= 0:
                raise TimeoutError
            wait([self._seen], timeout=left_seconds)
        return self._seen.result()

    def _look(self) -> _Seen:
        subject = self._subject()
        findings = []
        for rule in self._rules:
            self._begin(rule.name)
            findings.append(rule.judge(subject))
        self._begin("fingerprint")
        return findings, subject.hashes[0].hex

    def _subject(self) -> ImageSubject:
        inspection = self._inspection
        sight = self._see(inspection.png) if self._see else see_here(inspection)
        return ImageSubject(
            kind=inspection.kind,
            person=inspection.person,
            request=inspection.request,
            sight=sight,
            original=inspection.original,
        )

    def _begin(self, rule: str) -> None:
        self.rule, self._since = rule, time.monotonic()


def _apply_policy(findings: Iterable[Finding | None], policy: Policy) -> Iterator[Finding]:
    for finding in findings:
        for found in (finding, *finding.others) if finding is not None else ():
            if (judged := policy.apply(found)) is not None:
                yield judged


def see_here(inspection: Inspection) -> ImageFeatures:
    """Raises ValueError or OSError for what is no picture of ours."""
    pixels = inspection.pixels
    if pixels is not None and inspection.kind is Inspected.OUTPUT and is_painted_here(inspection.png, pixels):
        return LocalFeatures(pixels)
    return LocalFeatures(decode(inspection.png))
