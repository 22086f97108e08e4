"""Rules that judge the words of a request. A new one is a file here and a line in `default_prompt_rules`."""

from pathlib import Path

from moderation.people import named_people as recogniser
from moderation.policy.policy import Action, Policy, default_policy
from moderation.rules.prompt.language import OtherLanguage
from moderation.rules.prompt.length import Length
from moderation.rules.prompt.listed_words import ListedWords, ListedWordsInOtherLanguages
from moderation.rules.prompt.meaning import Meaning
from moderation.rules.prompt.minors import Minors
from moderation.rules.prompt.minors_languages import MinorsInOtherLanguages
from moderation.rules.prompt.names import Names
from moderation.rules.prompt.people import People
from moderation.rules.prompt.public_figures import PublicFigureScenes
from moderation.rules.prompt.subject import NeedsWarmUp, PromptRule, PromptSubject
from moderation.rules.prompt.topics import default_topics
from moderation.rules.prompt.undressing import Undressing
from moderation.text.prompt_classifier import Classifier
from moderation.text.word_lists import PlainWords
from studio.domain.verdicts import Ruling

__all__ = ["RULINGS", "NeedsWarmUp", "PromptRule", "PromptSubject", "default_prompt_rules"]


RULINGS = {Action.WARN: Ruling.ALLOW, Action.HOLD: Ruling.HOLD, Action.REFUSE: Ruling.REFUSE}


def default_prompt_rules(
    *, community_words: Path | None = None, names: Path | None = None, policy: Policy | None = None
) -> tuple[PromptRule, ...]:
    """The rules every studio has, and a community's own lists.

    `community_words` is a text file with one word or phrase a line, `names` a TOML file as `Names` reads it.
    Raises `ConfigurationError` or OSError for a list that cannot be read.
    """
    policy = policy or default_policy()
    listed = ListedWords.load_bundled()
    classifier = Classifier.load_bundled()
    rules: list[PromptRule] = [
        Length(),
        Minors(explicit=listed.words),
        MinorsInOtherLanguages(),
        listed,
        ListedWordsInOtherLanguages(),
        *default_topics(),
        Meaning(classifier),
        Undressing(),
        PublicFigureScenes(harmless=policy.public_figures),
    ]
    if recogniser.is_installed():
        rules.append(People(classifier))
    if policy.other_languages is not Action.ALLOW:
        rules.append(OtherLanguage(policy.languages, ruling=RULINGS[policy.other_languages]))
    if community_words is not None:
        rules.append(ListedWords.of_community(PlainWords.from_file(community_words)))
    if names is not None:
        rules.append(Names.from_file(names))
    return tuple(rules)
