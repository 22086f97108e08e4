"""How each kind of gathering is shown: one line for each."""

from bots.presentation.compose.gatherings import evolution, mural, tile_vote
from bots.presentation.compose.gatherings.contests import contest, theme
from bots.presentation.compose.gatherings.presenter import GatheringPresenter
from bots.presentation.compose.gatherings.telephone import game as telephone
from studio.errors import NotFoundError

PRESENTERS: dict[str, GatheringPresenter] = {
    "tile_vote": tile_vote.PRESENTER,
    "evolution": evolution.PRESENTER,
    "contest": contest.PRESENTER,
    "mural": mural.PRESENTER,
    "telephone": telephone.PRESENTER,
    "theme": theme.PRESENTER,
}


def find_presenter(kind: str) -> GatheringPresenter:
    """Raises `NotFoundError` for a kind that this version does not know."""
    if kind not in PRESENTERS:
        raise NotFoundError("kind_of_gathering")
    return PRESENTERS[kind]
