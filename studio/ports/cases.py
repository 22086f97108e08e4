"""The moderators' desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from studio.domain.cases import (
    Case,
    CaseDetails,
    CaseImage,
    Decision,
    OutsideReport,
    PersonFile,
    ReportStatus,
)
from studio.domain.people import Person
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.policy_overrides import ChangeRules, PolicyDescription


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePreview:
    """What tells a case apart in a list: the prompt of its job, and its first picture.

    `withheld`: there are words, from a private place or a secret turn. `encrypted`: they are evidence. Both are read
    by the moderator who claims the case.
    """

    prompt: str = field(default="", repr=False)
    withheld: bool = False
    encrypted: bool = False
    image: CaseImage | None = None


class Desk(Protocol):
    """The moderators' desk. What is decided there has consequences and is written to the audit chain.

    `who` is a person's key. What names a `moderator` raises `NotAllowedError` for somebody who is none, and for their
    own case.
    """

    def claim(self, moderator: Person, case_id: str) -> CaseDetails:
        """Take a case for ten minutes and read it. Raises `NotFoundError` and `CaseTakenError`."""

    def read(self, case_id: str) -> CaseDetails:
        """What a case is about, for the place where the moderators see it. Raises `NotFoundError`."""

    def preview(self, moderator: Person, cases: Sequence[Case]) -> Mapping[str, CasePreview]:
        """By id, those of the cases that are open and lie on the moderator's desk. Nothing is claimed or recorded."""

    def decide(self, moderator: Person, case_id: str, decision: Decision, *, note: str = "") -> Case:
        """Close a case and do what follows. Raises `NotFoundError`, `CaseTakenError` and `BadParameterError`."""

    def receive_report(self, report: OutsideReport) -> str:
        """File what somebody without a name here reports; an urgent one hides the picture at once.

        The code with which they look the decision up. Raises `NotFoundError` for a picture that is not there.
        """

    def hide_reported(self, case_id: str) -> bool:
        """Hide the picture of an open urgent report of somebody with a name here, and what looks the same.

        Whether it is hidden now.

        Not for people who report very many, or were often wrong. What is decided or hidden already stays as it is.
        """

    def read_report(self, code: str) -> ReportStatus | None:
        """What became of a report; None for an unknown code."""

    def ban(self, moderator: Person, who: str, *, until: datetime | None, reason: str) -> None:
        """Stop somebody at once, on all their linked identities; their jobs are cancelled."""

    def unban(self, moderator: Person, who: str) -> bool:
        """False: there was no ban."""

    def govern(self, moderator: Person, change: ChangeRules) -> CommunityRules:
        """Change the rules of the moderator's community, and say what they are now. Raises `BadParameterError`.

        A pause is the kill switch: nothing new is accepted, what is being painted stops and waits.
        """

    def try_rules(self, moderator: Person, change: ChangeRules) -> CommunityRules:
        """What `govern` would make of them. Raises the same, and changes nothing."""

    def describe_policy(self, moderator: Person) -> PolicyDescription:
        """The operator's policy, as far as the moderator's community may be stricter."""

    def read_person(self, moderator: Person, who: str) -> PersonFile:
        """What the moderators of a person's community have to know of them. Raises `NotFoundError`."""

    def write_note(self, moderator: Person, who: str, words: str) -> None:
        """A note for the other moderators, which goes when the person asks to be forgotten."""

    def forget(self, person: Person) -> bool:
        """What the moderators' records say of a person, on all their identities, is erased; bans and strikes stay.

        Whether strikes of theirs hold. Nobody but the person may ask for it.
        """
