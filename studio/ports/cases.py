"""The moderators' desk."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from studio.domain.cases import Case, CaseDetails, Decision, OutsideReport, PersonFile, ReportStatus
from studio.domain.people import Person
from studio.domain.settings.communities import CommunityRules


class Desk(Protocol):
    """The moderators' desk. What is decided there has consequences and is written to the audit chain.

    `who` is a person's key. What names a `moderator` raises `NotAllowedError` for somebody who is none, and for their
    own case.
    """

    def claim(self, moderator: Person, case_id: str) -> CaseDetails:
        """Take a case for ten minutes and read it. Raises `NotFoundError` and `CaseTakenError`."""

    def read(self, case_id: str) -> CaseDetails:
        """What a case is about, for the place where the moderators see it. Raises `NotFoundError`."""

    def decide(self, moderator: Person, case_id: str, decision: Decision, *, note: str = "") -> Case:
        """Close a case and do what follows. Raises `NotFoundError`, `CaseTakenError` and `BadParameterError`."""

    def receive_report(self, report: OutsideReport) -> str:
        """File what somebody without a name here reports; an urgent one hides the picture at once.

        The code with which they look the decision up. Raises `NotFoundError` for a picture that is not there.
        """

    def read_report(self, code: str) -> ReportStatus | None:
        """What became of a report; None for an unknown code."""

    def ban(self, moderator: Person, who: str, *, until: datetime | None, reason: str) -> None:
        """Stop somebody at once, on all their linked identities; their jobs are cancelled."""

    def unban(self, moderator: Person, who: str) -> bool:
        """False: there was no ban."""

    def govern(self, moderator: Person, change: Callable[[CommunityRules], CommunityRules]) -> CommunityRules:
        """Change the rules of the moderator's community, and say what they are now. Raises `BadParameterError`.

        A pause is the kill switch: nothing new is accepted, what is being painted stops and waits.
        """

    def read_person(self, moderator: Person, who: str) -> PersonFile:
        """What the moderators of a person's community have to know of them. Raises `NotFoundError`."""

    def write_note(self, moderator: Person, who: str, words: str) -> None:
        """A note for the other moderators, which goes when the person asks to be forgotten."""

    def forget(self, person: Person) -> bool:
        """What the moderators' records say of a person, on all their identities, is erased; bans and strikes stay.

        Whether strikes of theirs hold. Nobody but the person may ask for it.
        """
