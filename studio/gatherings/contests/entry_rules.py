"""Which pictures may be entered into a contest: pure functions on what the records say of a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from studio.domain.requests import parse_aspect

OWN, NO_UPLOADS = "own", "no-uploads"
RULE_CHOICES = ("none", OWN, NO_UPLOADS, f"{OWN},{NO_UPLOADS}")
# Sides are rounded to whole cells of the models, so that few pictures have exactly the ratio that was asked for.
_ASPECT_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """`own`: all that a picture came from was made by its owner. `aspect` is width and height as small numbers.

    `most` entries a person. Pictures made before `opened_at` are not entered.
    """

    opened_at: datetime
    own: bool = False
    no_uploads: bool = False
    aspect: tuple[int, int] | None = None
    most: int = 1

    @classmethod
    def of(cls, rules: Mapping[str, object], *, opened_at: datetime) -> "EntryRules":
        named = str(rules.get("rules", "")).split(",")
        aspect = rules.get("aspect")
        return cls(
            opened_at=opened_at,
            own=OWN in named,
            no_uploads=NO_UPLOADS in named,
            aspect=parse_aspect(str(aspect)) if aspect else None,
            most=int(str(rules.get("entries", 1))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A picture that somebody wants to enter. Sizes are in pixels; people are named by their human.

    `makers` made the pictures that it came from, however many steps ago; `is_traced`: the whole chain is known.
    """

    maker: str
    made_at: datetime
    width: int
    height: int
    makers: frozenset[str] = frozenset()
    has_upload: bool = False
    is_traced: bool = True


def find_fault(rules: EntryRules, candidate: Candidate, *, human: str, entered: int) -> str | None:
    """Why a picture cannot be entered, as a code; None: it can. `entered` counts the person's other entries."""
    if candidate.maker != human:
        return "not_own"
    if entered >= rules.most:
        return "entered_most"
    if candidate.made_at < rules.opened_at:
        return "made_before"
    if rules.own and not (candidate.is_traced and candidate.makers <= {human}):
        return "not_all_own"
    if rules.no_uploads and (candidate.has_upload or not candidate.is_traced):
        return "from_upload"
    if rules.aspect and not _has_aspect(candidate, rules.aspect):
        return "other_aspect"
    return None


def _has_aspect(candidate: Candidate, aspect: tuple[int, int]) -> bool:
    wanted, actual = aspect[0] / aspect[1], candidate.width / candidate.height
    return abs(actual / wanted - 1) <= _ASPECT_TOLERANCE
