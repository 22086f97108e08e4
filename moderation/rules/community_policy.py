"""The prompt rules that a community's policy adds: the languages and the public figures about which it is stricter."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from moderation.people.public_figures import PublicFigures
from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.policy.policy import Action, Policy
from moderation.rules.prompt import RULINGS, PromptRule, PromptSubject
from moderation.rules.prompt.language import OtherLanguage
from moderation.rules.prompt.public_figures import without_harmless_phrases
from studio.domain.verdicts import Ruling


def rules_beyond(installed: Policy, policy: Policy) -> tuple[PromptRule, ...]:
    """What `policy` does about prompts that the rules of the installed policy do not: nothing where they agree."""
    rules: list[PromptRule] = []
    languages = (policy.languages, policy.other_languages)
    agrees = languages == (installed.languages, installed.other_languages)
    if not agrees and policy.other_languages is not Action.ALLOW:
        rules.append(CommunityLanguages(policy.languages, RULINGS[policy.other_languages]))
    figures = {
        role: RULINGS[action]
        for role, action in policy.public_figures.items()
        if action is not installed.public_figures.get(role)
    }
    return (*rules, CommunityFigures(figures)) if figures else tuple(rules)


@dataclass(frozen=True)
class CommunityLanguages:
    """Text in a language that a community does not accept. What its words mean is judged all the same."""

    accepted: frozenset[str]
    ruling: Ruling
    name: str = "community_language"

    def judge(self, subject: PromptSubject) -> Finding | None:
        found = OtherLanguage(self.accepted, ruling=self.ruling).judge(subject)
        return replace(found, rule=self.name) if found else None


@dataclass(frozen=True)
class CommunityFigures:
    """Public figures by role. Of scenes that could harm them the rule `public_figures` says more."""

    rulings: Mapping[str, Ruling]
    name: str = "community_figures"

    def judge(self, subject: PromptSubject) -> Finding | None:
        people = PublicFigures.load_bundled()
        named = [
            (figure, written)
            for reading, typed in zip(subject.wished_readings, subject.wished, strict=True)
            for written, figure in people.find(without_harmless_phrases(reading), typed).items()
            if figure.role in self.rulings
        ]
        if not named:
            return None
        figure, written = max(named, key=lambda pair: list(Ruling).index(self.rulings[pair[0].role]))
        return Finding(
            ruling=self.rulings[figure.role],
            rule=self.name,
            category=Category.COMMUNITY,
            evidence=figure.name,
            words=written,
        )
