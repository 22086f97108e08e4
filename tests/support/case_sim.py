"""The real desk and the real gate on the fakes of everything else."""

from dataclasses import dataclass, replace
from typing import Any

from moderation.cases.service import CaseService
from moderation.cases.side_effects import SideEffects
from moderation.context import ModeratedPlaces, ModerationContext
from moderation.gate import ModerationGate
from moderation.limits.rate_limiter import Limiter
from moderation.limits.settings import LimitSettings
from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.records.encryption import EvidenceCipher
from moderation.rules.image import ImageSubject
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt_judge import PromptJudge
from studio.domain.verdicts import Ruling
from studio.gcra import RateSettings
from studio.ports import InstanceLimits, Ports

CIPHER = EvidenceCipher(lambda: bytes(range(32)))
PLENTY = RateSettings(requests=10_000, seconds=1)


WORDS = {
    "violent": Category.VIOLENCE,
    "minor": Category.MINORS,
    "rude": Category.LANGUAGE,
    "doubtful": Category.DECEPTION,
    "ballot": Category.POLITICAL,
}


class Wording:
    """A rule of plain words: each stands for a category."""

    name = "wording"

    def judge(self, subject: PromptSubject) -> Finding | None:
        for text in subject.wished:
            for word, category in WORDS.items():
                if word in text:
                    return Finding(
                        ruling=Ruling.REFUSE, rule=self.name, category=category, evidence=f"found {word}"
                    )
        return None


@dataclass(frozen=True, slots=True)
class Appearance:
    """A rule that sees the same in every picture."""

    category: Category
    name: str = "appearance"

    def judge(self, subject: ImageSubject) -> Finding:
        return Finding(ruling=Ruling.REFUSE, rule=self.name, category=self.category)


def with_desk(ports: Ports) -> Ports:
    side_effects = SideEffects(
        database=ports.database, queue=ports.queue, events=ports.events, store=ports.store
    )
    desk = CaseService(database=ports.database, side_effects=side_effects, cipher=CIPHER)
    return replace(ports, desk=desk)


def with_gate(ports: Ports, rules: InstanceLimits | None = None, **options: Any) -> Ports:
    """The desk too. Limits are wide, and the rules are `Wording`; no rule looks at pictures but the desk's."""
    side_effects = SideEffects(
        database=ports.database, queue=ports.queue, events=ports.events, store=ports.store
    )
    paces = dict.fromkeys(("burst", "sustained", "newcomer", "refused", "community", "everybody"), PLENTY)
    places = ("holds", "watched", "unmoderated")
    gate = ModerationGate(
        ModerationContext(
            database=ports.database,
            places=ModeratedPlaces(**{name: options.pop(name) for name in places if name in options}),
            limits=rules or ports.rules,
            side_effects=side_effects,
            cipher=options.pop("cipher", CIPHER),
        ),
        limiter=Limiter(options.pop("limits", LimitSettings(**paces))),
        prompt_judge=PromptJudge(
            policy=options.pop("policy", None), rules=options.pop("prompt_rules", [Wording()])
        ),
        **{"image_rules": (), **options},
    )
    return replace(with_desk(ports), gate=gate, rules=rules or ports.rules)
