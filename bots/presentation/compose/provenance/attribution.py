"""Where a picture comes from: its family, and what a file says of itself."""

from collections.abc import Iterator, Sequence

from bots.presentation.compose.gatherings.mural_lineage import describe_whole, lineage_button
from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.pictures import title_of
from bots.presentation.compose.parts.recipe import recipe_line
from bots.presentation.message import (
    Audience,
    Code,
    FileKind,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Small,
    Spans,
    Time,
    Title,
    Tone,
)
from bots.presentation.spans import join_list, join_spans, plain_text, sentence
from bots.texts.coded.notices import DEEDS
from bots.texts.gatherings.mural import SHOW_WHOLE
from bots.texts.provenance import attribution as provenance
from bots.texts.shortening import subject_of
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action
from studio.commands.results import Attribution, Family, Relative
from studio.domain.identifiers import split_picture_id
from studio.domain.people import Person
from studio.domain.provenance import Trace

FAMILY_TREE = "family"  # the name of the drawn tree
_MOST_RELATIVES = 15
_MOST_WHOLES = 5


def compose_family(answer: Family) -> Message:
    """Who made the picture, when and how, then its family: drawn, and in words."""
    asked = next(relative for relative in answer.relatives if relative.picture.id == answer.picture_id)
    recipe = asked.picture.recipe
    title, deed = title_of(recipe.prompt), translate(DEEDS[recipe.operation]).capitalize()
    made = sentence(
        provenance.MADE_BY, deed=deed, maker=PersonName(asked.person), when=Time(asked.picture.created_at)
    )
    return Message(
        parts=(
            Title(title),
            Paragraph(made),
            *(Paragraph(describe_whole(whole)) for whole in answer.wholes),
            *_family_parts(answer),
            Small(recipe_line([asked.picture])),
        ),
        rows=rows_of([lineage_button(whole.gathering, SHOW_WHOLE) for whole in answer.wholes[:_MOST_WHOLES]]),
        audience=Audience.PERSON,
        summary=f"{title}: {plain_text(made)}",
    )


def _family_parts(answer: Family) -> Iterator[Part]:
    if len(answer.relatives) == 1:
        yield Paragraph(sentence(provenance.FAMILY_OF_ONE))
        return
    people = [PersonName(person) for person in _people(answer.relatives)]
    summary = sentence(
        provenance.FAMILY, count=len(answer.relatives), people=join_list([(person,) for person in people])
    )
    alt_text = translate(provenance.FAMILY_ALT_TEXT, summary=plain_text(summary))
    yield Images(images=(Image(name=FAMILY_TREE, alt_text=alt_text, kind=FileKind.DRAWING),))
    yield Paragraph(summary)
    for relative in answer.relatives[:_MOST_RELATIVES]:
        yield Small(_relative(relative))
    if (hidden := len(answer.relatives) - _MOST_RELATIVES) > 0:
        yield Small((translate_plural(provenance.MORE, provenance.MORE_SEVERAL, hidden),))


def _people(relatives: Sequence[Relative]) -> list[Person]:
    """Each once, by their keys."""
    return list({relative.person.key: relative.person for relative in relatives}.values())


def _relative(relative: Relative) -> Spans:
    picture, maker = relative.picture, PersonName(relative.person)
    if picture.deleted:
        return sentence(provenance.RELATIVE_DELETED, picture=Code(picture.id), maker=maker)
    return sentence(
        provenance.RELATIVE_FROM if relative.parents else provenance.RELATIVE,
        picture=Code(picture.id),
        subject=subject_of(picture.recipe.prompt),
        deed=translate(DEEDS[picture.recipe.operation]),
        maker=maker,
        **({"parents": ", ".join(relative.parents)} if relative.parents else {}),
    )


def compose_attribution(answer: Attribution) -> Message:
    """Who made the picture of a file, and how that is known."""
    lines = [*(_compose_known(answer) if answer.known else _unknown(answer))]
    parts: list[Part] = [Paragraph(line) for line in lines]
    if answer.tampered:
        parts.append(Note(spans=sentence(provenance.TAMPERED), tone=Tone.WARNING))
    split = split_picture_id(answer.picture_id or "") if answer.picture else None
    return Message(
        parts=tuple(parts) or (Paragraph(sentence(provenance.NOTHING)),),
        rows=rows_of([button(Action.SHOW, split[0])]) if split else (),
        audience=Audience.PERSON,
        summary=plain_text(lines[0]) if lines else translate(provenance.NOTHING),
    )


def _compose_known(answer: Attribution) -> Iterator[Spans]:
    when = Time(answer.made_at, exact=True) if answer.made_at else ""
    picture = Code(answer.picture_id or "")
    if answer.person is None:
        yield sentence(provenance.HERE_BUT_CLOSED, when=when, picture=picture)
    elif answer.picture is None:
        maker = PersonName(answer.person)
        yield sentence(provenance.HERE_BUT_DELETED, maker=maker, when=when, picture=picture)
    else:
        recipe = answer.picture.recipe
        deed, maker = translate(DEEDS[recipe.operation]).capitalize(), PersonName(answer.person)
        made = sentence(provenance.MADE_BY_ON, deed=deed, maker=maker, when=when)
        yield join_spans([*made, " ", picture])
        if recipe.prompt:
            yield sentence(provenance.QUOTED, prompt=recipe.prompt)
    yield _evidence(answer)


def _evidence(answer: Attribution) -> Spans:
    """How it is known. What a signature vouches for needs no likeness."""
    known = translate(provenance.KNOWN_BY[answer.by]) if answer.by else ""
    if answer.similarity is None or answer.by is Trace.CREDENTIALS:
        return (known,)
    alike = translate(provenance.ALIKE, share=f"{answer.similarity:.0%}")
    return (f"{known} {alike}".strip(),)


def _unknown(answer: Attribution) -> Iterator[Spans]:
    if answer.looks_different and answer.by in provenance.LOOKS_DIFFERENT:
        yield sentence(provenance.LOOKS_DIFFERENT[answer.by])
    elif answer.by in provenance.CLAIMED_BY and answer.picture_id:
        yield sentence(provenance.CLAIMED_BY[answer.by], picture=Code(answer.picture_id))
    elif answer.software:
        yield sentence(provenance.SOFTWARE, software=answer.software)
    if answer.signed_by and answer.by is not Trace.CREDENTIALS:
        yield sentence(provenance.SIGNED_BY, organization=answer.signed_by)
