"""What the gate says of a request or a picture."""

from dataclasses import dataclass
from enum import StrEnum

from studio.coded_text import CodedText
from studio.errors import PolicyRefusalError


class Ruling(StrEnum):
    ALLOW = "allow"
    HOLD = "hold"  # a moderator decides
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`evidence` is for moderators only; a person sees at most the `category`.

    What is not `appealable` is the core: its words are kept nowhere, and nobody is asked to read them.
    Of an inspected picture, `fingerprint` is its PDQ hash (64 hexadecimal digits); an upload may show a person.
    `asks_consent`: refused until the uploader says that the people in it agreed. Of what is refused, `remedy` says
    to the person which setting or moderator could change it; not `heard`: nobody moderates there, who could be asked.
    """

    ruling: Ruling
    rule: str = ""
    category: str = ""
    evidence: str = ""
    appealable: bool = True
    fingerprint: str = ""
    shows_person: bool = False
    asks_consent: bool = False
    remedy: tuple[CodedText, ...] = ()
    heard: bool = True

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

    def refusal(self, *, job_id: str | None = None) -> PolicyRefusalError:
        """`job_id` is the refused job's, named where its person may appeal."""
        appealable = job_id if self.may_be_appealed else None
        return PolicyRefusalError(
            rule=self.rule, category=self.category, remedy=self.remedy, job_id=appealable
        )

    def raise_if_refused(self) -> None:
        if self.ruling is Ruling.REFUSE:
            raise self.refusal()


ALLOWED = Verdict(ruling=Ruling.ALLOW)
