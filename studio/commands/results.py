"""What a command answers; each front end turns these into messages."""

from dataclasses import dataclass
from datetime import datetime

from studio.commands.gathering_results import (
    GatheringActed,
    GatheringOpened,
    GatheringsListed,
    HallShown,
    Tray,
)
from studio.domain.cases import Case, CaseDetails, PersonShown
from studio.domain.gatherings import Gathering
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person, RaidSigns, Sighting
from studio.domain.pictures import Picture, PictureDescribed
from studio.domain.prompts.proposal import PromptsProposed
from studio.domain.provenance import Trace
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.preferences import Preferences
from studio.domain.settings.saved_styles import StylesListed
from studio.domain.settings.word_lists import WordsShown
from studio.recaps.leaderboard import Leaderboard
from studio.services.accounts.account_export import Exported


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The job is safe in the database. Its message says when it will be done."""

    job_id: str
    state: JobState
    repeated: bool = False  # this very request was accepted before; nothing new was started
    private: bool = False  # for its person alone


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureShown:
    job: Job
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsStopped:
    """Not `at_once` while a worker ends its step. It `keeps` its pictures, or those that were paid are `deleted`."""

    job_id: str
    at_once: bool
    keeps: bool = False
    deleted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesDeleted:
    """Of a job without any, its request. `stay_shown`: the message cannot change. `goes_on`: others are painted."""

    picture_ids: tuple[str, ...]
    stay_shown: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StarChanged:
    picture_id: str
    stars: int
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureShared:
    """`url` is the public page of the picture; empty after its link was taken back."""

    picture_id: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPublished:
    """A private job that everybody may see from now on."""

    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An outstanding job, how many jobs are served before it, and how long until it is done, where that is known."""

    job: Job
    ahead: int
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InQueue:
    """The person's own outstanding jobs, oldest first."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The person's own jobs that are over, latest first."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Credits of this month: used, with what waiting jobs have set aside; `monthly` None: they never run out.

    `gifts` were received from others, less what was given away.
    """

    used: int
    monthly: int | None
    gifts: int = 0

    @property
    def left(self) -> int | None:
        return None if self.monthly is None else max(0, self.monthly - self.used + self.gifts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """One picture of a family. A deleted one has no files any more. `spoiler`: a moderator hid it until clicked."""

    picture: Picture
    person: Person
    parents: tuple[str, ...]
    spoiler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A finished mural. `ordinal` is the picture's cell; `people` painted all cells, in their order."""

    gathering: Gathering
    ordinal: int
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The family tree of a picture: everybody after their parents. `wholes` were put together from it and others."""

    picture_id: str
    relatives: tuple[Relative, ...]
    wholes: tuple[Whole, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiled:
    """A report or an appeal reached the desk, `repeated` once more. `hidden`: nobody sees the reported picture now."""

    case: Case
    repeated: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCases:
    """What lies on the desk of the community."""

    cases: tuple[Case, ...]
    raid: RaidSigns | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """A moderator took a case and reads it. Its pictures stay blurred until asked for."""

    details: CaseDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDecided:
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class BanChanged:
    """`lifted` None: banned, until `until` or for good. False: there was no ban to lift."""

    seen: Sighting
    until: datetime | None = None
    lifted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """The rules of the community, as they are now. `former_name`: the old name of the command, if that was typed.

    `changed` is the setting that was changed just now.
    """

    rules: CommunityRules
    changed: str = ""
    former_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged:
    """The person's own settings, as they are now."""

    preferences: Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was deleted for good."""

    pictures: int
    identities: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOffered:
    """To be typed on the other platform as /link CODE before it expires."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """All identities that are now one, the person's own first; only that after parting."""

    identities: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsGiven:
    """Credits that went from one person to another."""

    seen: Sighting
    amount: int
    left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Where a picture comes from. `known`: it is in the records here; else `picture_id` is only what the file says.

    `person` and `picture` are there for viewers who may see the picture only; a deleted one has no `picture`.
    `similarity` (0 to 1) says how alike the file and the picture look. `looks_different`: the file names a picture that
    is in the records and looks otherwise, so that nobody is named. `signed_by` is the organization behind intact
    credentials; `tampered`: credentials that no longer fit the file.
    """

    known: bool
    by: Trace | None = None
    picture_id: str | None = None
    made_at: datetime | None = None
    similarity: float | None = None
    person: Person | None = None
    picture: Picture | None = None
    deleted: bool = False
    tampered: bool = False
    looks_different: bool = False
    signed_by: str = ""
    software: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpShown:
    """`about`: a command or a topic, empty for all. `note` is about the model that paints where none is named, as a
    stored coded text. `privacy_url` leads to the privacy notice; empty where there is no web page.
    """

    about: str
    moderates: bool = False
    note: str = ""
    privacy_url: str = ""


Painting = (
    Accepted
    | PromptsProposed
    | PictureShown
    | JobsStopped
    | PicturesDeleted
    | StarChanged
    | PictureShared
    | PictureDescribed
    | JobPublished
    | InQueue
    | History
    | Balance
    | Family
    | Attribution
)
Personal = (
    SettingsChanged | StylesListed | Exported | Forgotten | LinkOffered | Linked | CreditsGiven | HelpShown
)
Moderation = (
    ReportFiled | DeskCases | CaseOpened | CaseDecided | BanChanged | Community | WordsShown | PersonShown
)
GatheringAnswer = Tray | HallShown | Leaderboard | GatheringOpened | GatheringActed | GatheringsListed
Answer = Painting | Personal | Moderation | GatheringAnswer
