"""What the gate says of a request or a picture."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from studio.coded_text import CodedText, coded
from studio.errors import PolicyRefusalError

EVIDENCE_OF_WORDS = "words"  # the kind of evidence that sealed words become


class Ruling(StrEnum):
    ALLOW = "allow"
    HOLD = "hold"  # a moderator decides
    REFUSE = "refuse"


class RequestPart(StrEnum):
    """Where the words of a request stand that a rule found."""

    PROMPT = "prompt"
    NEGATIVE = "negative"
    STYLE = "style"
    EARLIER = "earlier"  # in the prompts of the pictures that it starts from
    TOGETHER = "together"  # with those


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedWords:
    """The words of a held request, encrypted under the `id` of the evidence that they become. Moderation reads them."""

    id: str
    content: bytes = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`evidence` is for moderators only; a person sees at most the `category`.

    What is not `appealable` is the core: its words are kept nowhere, and nobody is asked to read them.
    Of an inspected picture, `fingerprint` is its PDQ hash (64 hexadecimal digits); an upload may show a person.
    `asks_consent`: refused until the uploader says that the people in it agreed. Of what is refused, `remedy` says
    to the person which setting or moderator could change it; not `heard`: nobody moderates there, who could be asked.
    `help` is said before all of that, also of what is held: where somebody in need finds people to talk to.
    `words` are those of the request that the verdict rests on, in that `part` of it: the person is told. They are never
    given for the core, and never stored. `doubtful`: the person is not told a category, which may accuse them wrongly.
    With `sealed`, the request that is held is kept without its words.
    """

    ruling: Ruling
    rule: str = ""
    category: str = ""
    evidence: str = ""
    appealable: bool = True
    fingerprint: str = ""
    shows_person: bool = False
    asks_consent: bool = False
    help: tuple[CodedText, ...] = ()
    remedy: tuple[CodedText, ...] = ()
    heard: bool = True
    words: str = field(default="", repr=False)
    part: RequestPart | None = None
    doubtful: bool = False
    sealed: SealedWords | None = None

    @property
    def allows(self) -> bool:
        return self.ruling is Ruling.ALLOW

    @property
    def is_core(self) -> bool:
        """A refusal that cannot be appealed."""
        return self.ruling is Ruling.REFUSE and not self.appealable

    @property
    def may_be_appealed(self) -> bool:
        return self.appealable and self.heard

    def refusal(self, *, job_id: str | None = None, quoting: bool = True) -> PolicyRefusalError:
        """`job_id` is the refused job's, named where its person may appeal. For storage, nothing is quoted."""
        appealable = job_id if self.may_be_appealed else None
        quoted = quote(self.part, self.words) if quoting and self.part else ()
        return PolicyRefusalError(
            rule=self.rule,
            category=self.category,
            remedy=(*self.help, *quoted, *self.remedy),
            job_id=appealable,
            doubtful=self.doubtful,
        )

    def raise_if_refused(self) -> None:
        if self.ruling is Ruling.REFUSE:
            raise self.refusal()


def quote(part: RequestPart, words: str) -> tuple[CodedText, ...]:
    """What was found where."""
    match part:
        case RequestPart.PROMPT:
            return (coded("advice.words_prompt", words=words),)
        case RequestPart.NEGATIVE:
            return (coded("advice.words_negative", words=words),)
        case RequestPart.STYLE:
            return (coded("advice.words_style", words=words),)
        case RequestPart.EARLIER:
            return (coded("advice.words_earlier", words=words),)
        case RequestPart.TOGETHER:
            return (coded("advice.words_together", words=words),)


ALLOWED = Verdict(ruling=Ruling.ALLOW)
