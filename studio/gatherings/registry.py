"""The kinds of gatherings: one line here and one in `bots/presentation/compose/gatherings/registry.py` for each."""

from studio.errors import NotFoundError
from studio.gatherings.kind import GatheringKind
from studio.gatherings.kinds import contest, evolution, mural, telephone, theme, tile_vote

KINDS: dict[str, GatheringKind] = {
    kind.name: kind
    for kind in (tile_vote.KIND, evolution.KIND, contest.KIND, mural.KIND, telephone.KIND, theme.KIND)
}


def find_kind(name: str) -> GatheringKind:
    """Raises `NotFoundError` for a kind that this version does not know."""
    if name not in KINDS:
        raise NotFoundError("kind_of_gathering")
    return KINDS[name]
