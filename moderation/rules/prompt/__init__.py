"""Rules that judge the words of a request. A new one is a file here and a line in `house_prompt_rules`."""

from pathlib import Path

from moderation.rules.prompt.length import Length
from moderation.rules.prompt.listed_words import ListedWords
from moderation.rules.prompt.minors import Minors
from moderation.rules.prompt.subject import PromptRule, PromptSubject
from moderation.words import PlainWords

__all__ = ["PromptRule", "PromptSubject", "house_prompt_rules"]


def house_prompt_rules(*, community_words: Path | None = None) -> tuple[PromptRule, ...]:
    """The rules every studio has, and a community's own words: a text file, one word or phrase a line."""
    listed = ListedWords.bundled()
    rules: list[PromptRule] = [Length(), Minors(explicit=listed.words), listed]
    if community_words is not None:
        rules.append(ListedWords.of_community(PlainWords.from_file(community_words)))
    return tuple(rules)
