"""What people have to decide: cases, the decisions on them, reports from outside, and the notes that tell of one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from studio.domain.jobs import Job
from studio.domain.people import Person, Platform, Sighting
from studio.domain.pictures import Picture

INTIMATE_WITHIN = timedelta(hours=48)  # as the TAKE IT DOWN Act and similar laws ask
LONGEST_REPORTER = 100  # characters
URGENT = 10.0  # the weight of a report that comes before all other cases


class CaseKind(StrEnum):
    HOLD = "hold"  # the gate left a prompt or a picture to a moderator
    REPORT = "report"  # somebody says that a picture breaks the rules
    APPEAL = "appeal"  # the owner of a refused job or a picture that was taken down asks for a second look
    SUSPENSION = "suspension"  # strikes led to one: a moderator confirms or overturns it
    CONSENT = "consent"  # the owner of a picture is asked whether somebody may build on it


class CaseState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Decision(StrEnum):
    APPROVE = "approve"  # deliver; for a report: the picture stays
    SPOILER = "spoiler"  # deliver, hidden until clicked
    REJECT = "reject"
    WARN = "warn"
    SUSPEND = "suspend"
    BAN = "ban"
    BLOCK = "block"  # reject, and let the picture and its look-alikes never pass again
    OVERTURN = "overturn"  # take strike, refusal or suspension back, and deliver


_VERDICT = frozenset(Decision) - {Decision.OVERTURN}

DECISIONS: dict[CaseKind, frozenset[Decision]] = {
    CaseKind.HOLD: _VERDICT,
    CaseKind.REPORT: _VERDICT,
    CaseKind.APPEAL: frozenset({Decision.OVERTURN, Decision.SPOILER, Decision.REJECT}),
    CaseKind.SUSPENSION: frozenset({Decision.SUSPEND, Decision.BAN, Decision.OVERTURN}),
    CaseKind.CONSENT: frozenset({Decision.APPROVE, Decision.REJECT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`subject` is the person whose work or conduct is judged; `filed_by` who reported, appealed or asks.

    `evidence` is for moderators only. A consent case has an `addressee`, who decides instead of a moderator.
    """

    id: str
    kind: CaseKind
    state: CaseState
    platform: Platform
    community: str
    subject: str  # a person's key, as in the two below
    filed_by: str | None
    addressee: str | None
    job_id: str | None
    picture_id: str | None
    rule: str
    category: str
    evidence: str
    words: str  # what the reporter or the appellant wrote
    opened_at: datetime
    weight: float = 1.0  # of a report; less for people whose reports were often unfounded
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    decision: Decision | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case before it is filed; the fields of a `Case`, with people in place of their keys.

    `case_key` names the matter: of two cases with the same one only the first is filed. The case belongs to the
    community of its addressee, else of its subject.
    """

    kind: CaseKind
    case_key: str
    subject: Person
    filed_by: Person | None = None
    addressee: Person | None = None
    job_id: str | None = None
    picture_id: str | None = None
    rule: str = ""
    category: str = ""
    evidence: str = ""
    words: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """A person's record, for the moderators of their case. `strikes` are weighted and decay."""

    jobs: int
    refusals: int
    strikes: float
    earlier_cases: int
    banned_until: datetime | None = None
    banned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeEntry:
    """`weight` is what was given; it decays."""

    rule: str
    category: str
    weight: float
    at: datetime
    overturned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorNote:
    words: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFile:
    """What the moderators of a community have to know of a person, newest first. `linked` are their other names.

    Jobs, notes and cases are those of this community.
    """

    sighting: Sighting
    linked: tuple[Person, ...]
    record: PersonRecord
    recent: tuple[Job, ...]
    refused: tuple[Job, ...]
    strikes: tuple[StrikeEntry, ...]
    notes: tuple[ModeratorNote, ...]
    open_cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShown:
    """`decided` of their cases were decided just now, `left` were not."""

    file: PersonFile
    decided: int | None = None
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseImage:
    """A picture that a moderator may have to see: one that was painted, or an upload. `number` counts from 1."""

    id: str
    number: int
    key: str
    thumbnail_key: str
    width: int | None = None  # pixels; None: not known
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetails:
    """A case with all that a moderator needs. `prompts` is the effective prompt: the job's own, then its ancestors'.

    `refused_words`, which froze an account, are for the moderator who claimed the case; `has_evidence`: some are kept;
    `unreadable`: decryption failed. `statements` and `contacts` are of reports from outside, the earliest first.
    """

    case: Case
    subject: Person
    job: Job | None
    pictures: tuple[Picture, ...]
    prompts: tuple[str, ...]
    person_record: PersonRecord
    refused_words: tuple[str, ...] = field(default=(), repr=False)
    has_evidence: bool = False
    unreadable: bool = False
    decide_by: datetime | None = None  # of an urgent report
    contacts: tuple[str, ...] = field(default=(), repr=False)
    statements: tuple["OutsideReport", ...] = field(default=(), repr=False)

    @property
    def images(self) -> tuple[CaseImage, ...]:
        """The picture that the case names, else all of its job's, else the uploads that it starts from."""
        if self.pictures:
            named = [picture for picture in self.pictures if picture.id == self.case.picture_id]
            return tuple(map(_case_image, named or self.pictures))
        sources = self.job.request.sources if self.job else ()
        uploads = [source.key for source in sources if source.picture_id is None]
        return tuple(
            CaseImage(id=f"upload-{number}", number=number, key=key, thumbnail_key=key)
            for number, key in enumerate(uploads, start=1)
        )


def _case_image(picture: Picture) -> CaseImage:
    return CaseImage(
        id=picture.id,
        number=picture.index,
        key=picture.key,
        thumbnail_key=picture.thumbnail_key,
        width=picture.width,
        height=picture.height,
    )


class NoticeKind(StrEnum):
    WARNING = "warning"
    SUSPENSION = "suspension"
    BAN = "ban"
    LIFTED = "lifted"
    DECIDED = "decided"  # a report or an appeal of theirs was decided
    GIFT = "gift"
    BUILT_ON = "built_on"  # somebody built on a picture of theirs
    HINT = "hint"  # how something is written here


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be written. With an `id`, it can be written once only."""

    kind: NoticeKind
    person_key: str
    text: str
    id: str | None = None
    case_id: str | None = None
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the instance tells one person, in words that may be shown as they are. `job_id`: what it is about."""

    id: str
    kind: NoticeKind
    person: Person
    text: str
    case_id: str | None
    written_at: datetime
    delivered: bool = False
    job_id: str | None = None


class ReportReason(StrEnum):
    INTIMATE = "intimate"  # an intimate picture of the reporter, or of somebody for whom they speak
    CHILD = "child"  # it sexualises a child
    ARTIST = "artist"  # it copies the style of the reporter
    OTHER = "other"

    @property
    def is_urgent(self) -> bool:
        """The picture is hidden at once, and its case comes before all others."""
        return self in (ReportReason.INTIMATE, ReportReason.CHILD)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideReport:
    """`picture_id` None: the file that was sent is not known here. `contact` is an address for the answer.

    `reporter` is the name they sign with; `good_faith`: they state that they believe what they say to be right.
    They read in `language`. `hides`: an urgent one hides the picture at once; not from people who report very many.
    """

    picture_id: str | None
    reason: ReportReason = ReportReason.OTHER
    words: str = field(default="", repr=False)
    artist: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)
    reporter: str = field(default="", repr=False)
    good_faith: bool = False
    language: str = "en"
    hides: bool = True


class ReportOutcome(StrEnum):
    WAITING = "waiting"
    REMOVED = "removed"
    HIDDEN = "hidden"  # until clicked
    STAYS = "stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStatus:
    """`decide_by` is when a moderator should have decided an urgent report."""

    reason: ReportReason
    received_at: datetime
    outcome: ReportOutcome
    decide_by: datetime | None = None
    decided_at: datetime | None = None
