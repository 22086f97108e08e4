"""A game of telephone as a message: who plays, whose turn it is, and the reveal link by link."""

from collections.abc import Iterator, Mapping

from bots.presentation.compose.gatherings.parts import (
    common_facts,
    draw_part_strip,
    gather_button,
    hint,
    part_image,
    state_notes,
    vote_button,
)
from bots.presentation.compose.gatherings.presenter import Drawing, GatheringPresenter
from bots.presentation.compose.gatherings.telephone.turn_panel import (
    compose_turn,
    my_turn,
    report_picture_form,
    write_form,
)
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.form_model import Choice, Field, FieldKind, Form
from bots.presentation.message import (
    Button,
    ButtonRow,
    Facts,
    FileKind,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Spans,
    Title,
    Tone,
)
from bots.presentation.spans import join_list, join_parts, sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings import all_kinds as common_texts
from bots.texts.gatherings import telephone as texts
from bots.texts.shortening import shorten
from bots.texts.translation import translate, translate_plural
from studio.commands.button_ids import Action
from studio.commands.button_ids import Button as ButtonId
from studio.commands.gatherings.reporting import REPORT
from studio.domain.events import GatheringRemark
from studio.domain.gatherings import ENDED, PartState
from studio.gatherings.kinds.telephone import LOBBY, MOST_PLAYERS, RUNNING
from studio.gatherings.kinds.telephone_reveal import (
    DONE,
    FEWEST,
    REVEAL,
    revealed_chains,
    shown_links,
    winners_of,
)
from studio.gatherings.kinds.turn_order import chains_of, links_of
from studio.ports import Ports

_MOST_SHOWN = 10  # images of a message
_LONGEST_WORDS = 160
_WITH_BUTTON = frozenset({"offered", "warned", "refused", "choose"})


def compose_telephone(view: GatheringView) -> Message:
    state = view.gathering.state
    parts: list[Part] = [Title(translate(texts.TITLE)), *state_notes(view)]
    match state:
        case _ if state == LOBBY:
            parts.append(hint(texts.LOBBY_HINT, players=str(view.gathering.rules["players"])))
        case _ if state == RUNNING:
            parts += [hint(texts.RUNNING_HINT), *_progress(view)]
        case _ if state == REVEAL:
            parts += _reveal(view)
        case _ if state in (DONE, ENDED):
            parts += _result(view)
    parts.append(Facts(tuple(_facts(view))))
    tone = Tone.SUCCESS if view.gathering.is_over else Tone.WORKING if state == RUNNING else Tone.NEUTRAL
    return Message(parts=tuple(parts), rows=_rows(view), tone=tone, summary=translate(texts.TITLE))


# ---- before the reveal


def _facts(view: GatheringView) -> Iterator[tuple[str, Spans]]:
    rules = view.gathering.rules
    if not view.gathering.is_over:
        joined = translate(texts.JOINED, count=len(view.members), players=rules["players"])
        names = join_list([(PersonName(person),) for person in view.members])
        yield translate(texts.PLAYERS), join_parts([(joined,), names], ": ")
    if view.gathering.state in (LOBBY, RUNNING):
        yield translate(texts.TURN), (translate(texts.TURN_LENGTHS[str(rules["turn"])]),)
        yield translate(texts.CHAINS), (translate(texts.CHAIN_COUNTS[str(rules["chains"])]),)
    yield from common_facts(view)


def _progress(view: GatheringView) -> Iterator[Part]:
    """A line for each chain: whose turn it is there, and what they do."""
    if view.gathering.data.get("stopping"):
        yield Note(spans=sentence(texts.STOPPING), tone=Tone.WARNING)
    count = int(str(view.gathering.data.get("chains", 1)))
    for chain in chains_of([found.part for found in view.parts], count):
        here = [found for found in view.parts if found.part.round == chain.number]
        now = next((found for found in here if found.part.state.value in texts.DOING), None)
        complete = len(chain.players) >= len(view.members)
        line: Spans = (translate(texts.CHAIN_OVER if complete else texts.WAITING),)
        if now is not None:
            doing = translate(texts.DOING[now.part.state.value])
            line = sentence(texts.TURN_NUMBER, number=len(chain.players), person=_name(now), doing=doing)
        name = translate(texts.CHAIN, chain=chain.number)
        yield Paragraph(line if count == 1 else join_parts([(name,), line], ": "))


def _name(found: PartView) -> Spans:
    return (PersonName(found.person),) if found.person else (translate(common_texts.SOMEBODY),)


# ---- the reveal


def _links(view: GatheringView, chain: int) -> list[PartView]:
    ordinals = [part.ordinal for part in links_of([found.part for found in view.parts], chain)]
    return [found for found in view.parts if found.part.ordinal in ordinals]


def _visible_links(view: GatheringView) -> list[PartView]:
    ordinals = shown_links(view.gathering, [found.part for found in view.parts])
    return [found for found in view.parts if found.part.ordinal in ordinals]


def _reveal(view: GatheringView) -> Iterator[Part]:
    chains, chain = revealed_chains(view.gathering.data), view.gathering.round
    if len(chains) > 1:
        yield Note(spans=sentence(texts.REVEALING, chain=chains.index(chain) + 1, chains=len(chains)))
    shown = _visible_links(view)
    yield from (Paragraph(_link(number, found)) for number, found in enumerate(shown, 1))
    images = [_image(number, found) for number, found in enumerate(shown, 1) if found.picture]
    if images:
        yield Images(images=tuple(images[-_MOST_SHOWN:]), spoiler=any(found.spoiler for found in shown))
    if len(shown) == len(_links(view, chain)):
        yield hint(texts.VOTE_HINT)


def _link(number: int, found: PartView) -> Spans:
    words = found.part.text if found.picture else ""
    shown = shorten(words, _LONGEST_WORDS) or translate(texts.GONE)
    return sentence(texts.LINK, number=number, person=_name(found), words=shown)


def _image(number: int, found: PartView) -> Image:
    name = _display_name(found)
    alt_text = translate(texts.LINK_ALT_TEXT, number=number, chain=found.part.round, name=name)
    return part_image(found, alt_text, name=f"turn{found.part.ordinal}")


def _result(view: GatheringView) -> Iterator[Part]:
    chains = revealed_chains(view.gathering.data)[:_MOST_SHOWN]
    if not chains:
        yield Note(spans=sentence(texts.ENDED_EARLY, fewest=FEWEST))
        return
    for won in winners_of(view.gathering.data):
        links = _links(view, won["chain"])
        best = next((found for found in links if found.part.ordinal == won["part"]), None)
        if best is not None:
            votes = translate_plural(texts.VOTE, texts.VOTES, won["votes"])
            number = links.index(best) + 1
            msgid = texts.BEST_BY_LOT if won.get("lot") else texts.BEST
            person = _name(best)
            yield Paragraph(sentence(msgid, chain=won["chain"], number=number, person=person, votes=votes))
    dropped = int(str(view.gathering.data.get("chains", 0))) - len(revealed_chains(view.gathering.data))
    if dropped:
        yield Note(spans=(translate_plural(*texts.DROPPED, dropped),))
    strips = tuple(
        Image(name=f"chain{chain}", alt_text=translate(texts.STRIP, chain=chain), kind=FileKind.DRAWING)
        for chain in chains
    )
    hidden = any(found.spoiler for chain in chains for found in _links(view, chain))
    yield Images(images=strips, spoiler=hidden)


def _draw(ports: Ports, view: GatheringView, _limit_bytes: int) -> Mapping[str, Drawing]:
    """One strip for each chain."""
    if not view.gathering.is_over:
        return {}
    return {
        f"chain{chain}": draw_part_strip(ports, _links_with_captions(view, chain), texts.GONE)
        for chain in revealed_chains(view.gathering.data)[:_MOST_SHOWN]
    }


def _links_with_captions(view: GatheringView, chain: int) -> Iterator[tuple[PartView, str]]:
    for number, found in enumerate(_links(view, chain), 1):
        yield found, translate(texts.CAPTION, number=number, name=_display_name(found))


def _display_name(found: PartView) -> str:
    return found.person.display_name if found.person else translate(common_texts.SOMEBODY)


# ---- what people press


def _rows(view: GatheringView) -> tuple[ButtonRow, ...]:
    state = view.gathering.state
    if state == LOBBY:
        return (
            *rows_of(
                [
                    gather_button(view, "join", translate(common_texts.LABELS["join"]), tone=Tone.SUCCESS),
                    gather_button(view, "leave", translate(common_texts.LABELS["leave"])),
                ]
            ),
            *rows_of([gather_button(view, "start", translate(texts.START)), _stop(view)]),
        )
    if state == RUNNING:
        return rows_of([my_turn(view), _stop(view)])
    if state == REVEAL and len(_visible_links(view)) == len(_links(view, view.gathering.round)):
        return tuple(rows_of(_votes(view)))
    if state in (DONE, ENDED):
        return rows_of([gather_button(view, "again", translate(texts.AGAIN), action=Action.GATHER_ASK)])
    return ()


def _stop(view: GatheringView) -> Button:
    return gather_button(view, "stop", translate(texts.STOP), tone=Tone.DANGER)


def _votes(view: GatheringView) -> list[Button]:
    chosen = view.reader.chosen if view.reader else frozenset[int]()
    return [
        vote_button(view, "vote", str(number), found.part.ordinal, chosen)
        for number, found in enumerate(_visible_links(view), 1)
        if found.part.state is PartState.SET
    ]


def _form(view: GatheringView, press: ButtonId) -> Form:
    if press.verb == REPORT:
        return report_picture_form(press)
    if press.verb != "again":
        return write_form(view, press)
    rules = view.gathering.rules
    players = Field(
        name="players",
        kind=FieldKind.NUMBER,
        label=translate(texts.PLAYERS),
        initial=str(rules["players"]),
        required=True,
        minimum=FEWEST,
        maximum=MOST_PLAYERS,
    )
    choices = tuple(
        Field(
            name=name,
            kind=FieldKind.CHOICE,
            label=translate(label),
            initial=str(rules[name]),
            required=True,
            choices=tuple(Choice(value=value, label=translate(shown)) for value, shown in labels.items()),
        )
        for name, label, labels in (
            ("turn", texts.TURN, texts.TURN_LENGTHS),
            ("chains", texts.CHAINS, texts.CHAIN_COUNTS),
        )
    )
    title, submit = translate(texts.AGAIN_TITLE), translate(texts.AGAIN_SUBMIT)
    return Form(command="telephone", about="", title=title, fields=(players, *choices), submit=submit)


def _remark_rows(view: GatheringView, remark: GatheringRemark) -> tuple[ButtonRow, ...]:
    return rows_of([my_turn(view)]) if remark.code in _WITH_BUTTON else ()


PRESENTER = GatheringPresenter(
    name=texts.TITLE,
    message=compose_telephone,
    form=_form,
    panel=compose_turn,
    draw=_draw,
    outcomes=texts.OUTCOMES,
    refusals=texts.REFUSALS,
    remarks=texts.REMARKS,
    remark_rows=_remark_rows,
)
