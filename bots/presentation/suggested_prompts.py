"""Prompts that an empty conversation offers: what they are called, and what is said when one is chosen."""

from dataclasses import dataclass

from bots.queries.suggested_prompts import Suggestions
from bots.texts import help as texts
from bots.texts.shortening import shorten
from bots.texts.translation import translate

MOST = 4
_LONGEST_TITLE = 60
_LONGEST_SUBJECT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedPrompt:
    """`message` is what the person says by choosing it, as they would type it."""

    title: str
    message: str


def compose_suggested_prompts(suggestions: Suggestions) -> tuple[SuggestedPrompt, ...]:
    """The theme of the day first, then variations of the latest pictures, an example, and help; at most `MOST`."""
    prompts = []
    if theme := suggestions.theme:
        title = translate(texts.SUGGEST_THEME, theme=shorten(theme, _LONGEST_SUBJECT))
        prompts.append(SuggestedPrompt(title=title, message=f"imagine {theme}"))
    for picture in suggestions.pictures:
        title = translate(texts.SUGGEST_VARY, prompt=shorten(picture.prompt, _LONGEST_SUBJECT))
        prompts.append(SuggestedPrompt(title=title, message=f"vary {picture.picture_id}"))
    example = translate(texts.GREETING_TRY_EXAMPLE)
    prompts.append(
        SuggestedPrompt(title=translate(texts.SUGGEST_EXAMPLE, prompt=example), message=f"imagine {example}")
    )
    prompts.append(SuggestedPrompt(title=translate(texts.SUGGEST_HELP), message="help"))
    return tuple(
        SuggestedPrompt(title=shorten(prompt.title, _LONGEST_TITLE), message=prompt.message)
        for prompt in prompts[:MOST]
    )
