"""What a prompt rule judges: every piece of text that shapes the picture."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

from moderation.policy.findings import Finding
from moderation.text.normalization import NormalizedText, read
from studio.domain.requests import PaintRequest
from studio.ports import Admission


@dataclass(frozen=True)
class PromptSubject:
    """The person's own words, what they want left out, and the words of the pictures they start from.

    `lineage` holds the ancestors' prompts, oldest first: a wish may be spread over several steps.
    """

    prompt: str
    negative: str = ""
    style: str = ""
    lineage: tuple[str, ...] = ()
    inverted: bool = False  # guidance below 1 paints what the negative prompt says
    alternatives: tuple[
        str, ...
    ] = ()  # what the prompt stands for when it holds some: these are painted, not it
    with_person: bool = False  # the picture starts from an upload that shows a person
    starts_from_picture: bool = False  # made here, uploaded, or taken as a reference

    @classmethod
    def of(cls, admission: Admission) -> "PromptSubject":
        return cls.of_request(admission.request, lineage=admission.lineage_prompts)

    @classmethod
    def of_request(cls, request: PaintRequest, *, lineage: tuple[str, ...] = ()) -> "PromptSubject":
        return cls(
            prompt=request.prompt,
            alternatives=request.prompts,
            negative=request.negative_prompt,
            style=request.style or "",
            lineage=lineage,
            inverted=request.guidance_scale is not None and request.guidance_scale < 1,
            starts_from_picture=bool(request.sources),
            with_person=any(source.shows_person for source in request.sources),
        )

    @property
    def own(self) -> tuple[str, ...]:
        """The person's own words, in all their alternatives."""
        return self.alternatives or (self.prompt,)

    @cached_property
    def every_reading(self) -> tuple[NormalizedText, ...]:
        """Each text by itself, what is to be left out included."""
        texts = (*self.own, self.style, self.negative, *self.lineage)
        return tuple(read(text) for text in dict.fromkeys(texts) if text)

    @cached_property
    def wished(self) -> tuple[str, ...]:
        """The texts that say what the picture shall show, newest first, each once."""
        texts = (
            *self.own,
            self.style,
            *([self.negative] if self.inverted else []),
            *reversed(self.lineage),
        )
        return tuple(text for text in dict.fromkeys(texts) if text)

    @cached_property
    def wished_readings(self) -> tuple[NormalizedText, ...]:
        return tuple(read(text) for text in self.wished)


class PromptRule(Protocol):
    """Pure: the same subject, the same finding. An exception means that the rule could not judge."""

    @property
    def name(self) -> str: ...

    def judge(self, subject: PromptSubject) -> Finding | None:
        """None: nothing to say."""


@runtime_checkable
class NeedsWarmUp(Protocol):
    """A rule with something heavy to load."""

    def warm_up(self) -> None:
        """Start loading, without waiting for it."""
