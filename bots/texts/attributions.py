"""Who made a picture, and how that is known, as lines to read. None is escaped: each face does that in its own way."""

from collections.abc import Iterator

from bots.texts.chat import DEEDS, shorten
from studio.commands.results import Attribution
from studio.domain.provenance import Trace

NOTHING = "Nothing in this picture says where it comes from."
_LONGEST_PROMPT = 200
_HOW = {
    Trace.CREDENTIALS: "Known by its content credentials: this studio signed it, and it is unchanged since.",
    Trace.MARK: "Known by the invisible mark in it.",
    Trace.TEXT: "Known by what its file says, which anybody could have written.",
    Trace.LIKENESS: "Known by its looks alone.",
}
_CLAIMS = {
    Trace.CREDENTIALS: "This studio signed it as {id}, but its records do not know that picture.",
    Trace.MARK: "It carries the mark of a Chatelier studio, as {id}; the records here do not know it.",
    Trace.TEXT: "Its file says that it is {id}; the records here do not know it.",
}


def attribution(answer: Attribution) -> list[str]:
    lines = list(_known(answer) if answer.known else _unknown(answer))
    if answer.tampered:
        lines.append("It was changed after it was signed: its content credentials do not fit any more.")
    return lines or [NOTHING]


def _known(answer: Attribution) -> Iterator[str]:
    day = f"{answer.made_at:%d %B %Y}".lstrip("0") if answer.made_at else ""
    if answer.person is None:
        yield f"It was made here, in a place that is not open to you, on {day}: {answer.picture_id}."
    elif answer.picture is None:
        yield f"It was made by {answer.person.display_name} on {day}, and deleted since: {answer.picture_id}."
    else:
        recipe = answer.picture.recipe
        yield f"{answer.picture_id}, {DEEDS[recipe.operation]} by {answer.person.display_name} on {day}."
        if recipe.prompt:
            yield f"“{shorten(recipe.prompt, _LONGEST_PROMPT)}”"
    alike = "" if answer.similarity is None else f" It looks {answer.similarity:.0%} alike."
    yield f"{_HOW[answer.by] if answer.by else ''}{alike}".strip()


def _unknown(answer: Attribution) -> Iterator[str]:
    if answer.by is not None and answer.picture_id:
        yield _CLAIMS[answer.by].format(id=answer.picture_id)
    elif answer.software:
        yield f"Its file says that {shorten(answer.software, 80)} made it, but not who."
    if answer.signed_by and answer.by is not Trace.CREDENTIALS:
        yield (
            f"Its content credentials are intact and name {shorten(answer.signed_by, 80)};"
            " whether that is true cannot be told here."
        )
