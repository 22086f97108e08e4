"""What the gate says of a request or a picture."""

from dataclasses import dataclass
from enum import StrEnum

from studio.errors import PolicyRefusal


class Ruling(StrEnum):
    ALLOW = "allow"
    HOLD = "hold"  # a moderator decides
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`evidence` is for moderators only; a person sees at most the `category`."""

    ruling: Ruling
    rule: str = ""
    category: str = ""
    evidence: str = ""

    @property
    def allows(self) -> bool:
        return self.ruling is Ruling.ALLOW

    def raise_if_refused(self) -> None:
        if self.ruling is Ruling.REFUSE:
            raise PolicyRefusal(rule=self.rule, category=self.category)


ALLOWED = Verdict(ruling=Ruling.ALLOW)
