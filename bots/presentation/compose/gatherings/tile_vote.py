"""The vote on the pictures of a job, as a message."""

from bots.presentation.compose.gatherings.parts import (
    common_facts,
    gather_button,
    hint,
    part_images,
    state_notes,
    vote_button,
)
from bots.presentation.compose.gatherings.presenter import GatheringPresenter
from bots.presentation.compose.parts.buttons import rows_of
from bots.presentation.message import Button, Facts, Message, Note, Part, Title, Tone
from bots.presentation.spans import sentence
from bots.queries.gathering_view import GatheringView, PartView
from bots.texts.gatherings import tile_vote as texts
from bots.texts.translation import translate, translate_plural
from studio.domain.gatherings import ENDED, PartState
from studio.gatherings.kinds.tile_vote import DONE, UPSCALING, VOTING


def compose_tile_vote(view: GatheringView) -> Message:
    tiles = [tile for tile in view.parts if tile.part.state is PartState.SET and tile.picture]
    candidates = [tile for tile in tiles if tile.part.job is None]
    images = part_images(candidates, texts.ALT_TEXT)
    state = view.gathering.state
    is_voting = state == VOTING
    parts: list[Part] = [Title(translate(texts.TITLE))]
    parts += [hint(texts.HINT)] if is_voting else []
    parts += [images] if images else []
    parts += [*state_notes(view), *_result(view), Facts(tuple(common_facts(view)))]
    rows = rows_of(_buttons(view, candidates)) if is_voting else ()
    tone = Tone.NEUTRAL if is_voting else Tone.SUCCESS
    return Message(parts=tuple(parts), rows=rows, tone=tone, summary=translate(texts.TITLE))


def _buttons(view: GatheringView, candidates: list[PartView]) -> list[Button]:
    chosen = view.reader.chosen if view.reader else frozenset[int]()
    votes = [
        vote_button(view, "vote", str(tile.part.ordinal), tile.part.ordinal, chosen) for tile in candidates
    ]
    return [*votes, gather_button(view, "skip", translate(texts.END_NOW))]


def _result(view: GatheringView) -> tuple[Note, ...]:
    state, winner = view.gathering.state, view.gathering.data.get("winner")
    if state not in (UPSCALING, DONE, ENDED):
        return ()
    if not isinstance(winner, int):
        return (Note(spans=sentence(texts.NOBODY)),)
    votes = translate_plural(texts.VOTE, texts.VOTES, view.votes.get(winner, 0))
    msgid = texts.WINNER if state == UPSCALING else texts.WON
    note = Note(spans=sentence(msgid, part=winner, votes=votes), tone=Tone.SUCCESS)
    return (note, Note(spans=sentence(texts.BY_LOT))) if view.gathering.data.get("lot") else (note,)


PRESENTER = GatheringPresenter(
    name=texts.TITLE,
    message=compose_tile_vote,
    remarks={"won": texts.REMARK_WON, "won_by_lot": texts.REMARK_WON_BY_LOT},
    outcomes={"voted": texts.VOTED, "vote_taken_back": texts.TAKEN_BACK},
)
