"""Messages in chats that show a subject: exactly one message shows it."""

from dataclasses import dataclass
from enum import StrEnum

from studio.domain.cases import Case
from studio.domain.jobs import Job
from studio.domain.people import Platform


class DeliveryKind(StrEnum):
    """The kinds of subjects that have one message each. Stored; the subject is named by its id."""

    JOB = "job"
    CASE = "case"  # the copy on the moderators' desk channel
    QUESTION = "question"  # a case that asks the owner of a picture
    STARBOARD = "starboard"  # a picture with enough stars
    GATHERING = "gathering"  # a shared game
    GREETING = "greeting"  # the first words in a community, by a digest of its id
    RETIRED = "retired"  # the private message of a job that was published, until it is deleted
    # Sent once and recorded nowhere.
    COPY = "copy"  # a finished job by direct message
    PING = "ping"  # tells the owner of a job that it is finished
    NOTICE = "notice"  # words for one person
    DIGEST = "digest"  # the week of a community, for its moderators
    RECAP = "recap"  # the week of a community, for everybody
    REMARK = "remark"  # what happened in a gathering, in its thread or for one person


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """Where a message is. `final` once it showed the end of its subject; an empty `message`: nowhere.

    `thread` is the message in whose thread it stands, where threads are no channels of their own.
    """

    channel: str
    message: str
    thread: str | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What one message on one platform shows: a job, a case or a picture, by its id."""

    kind: DeliveryKind
    id: str
    platform: Platform

    @property
    def nonce(self) -> str:
        """The same for every attempt to send the message, and for no other. At most 24 characters."""
        return f"{self.kind}-{self.id}"

    @classmethod
    def of_job(cls, job: Job) -> "Subject":
        return cls(DeliveryKind.JOB, job.id, job.person.platform)

    @classmethod
    def of_case(cls, case: Case) -> "Subject":
        kind = DeliveryKind.CASE if case.addressee is None else DeliveryKind.QUESTION
        return cls(kind, case.id, case.platform)
