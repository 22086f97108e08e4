"""Which pictures of a round have children, read from an evolution's rows."""

from studio.db.tables import PictureRow
from studio.domain.gatherings import Part, PartState
from studio.domain.provenance import difference
from studio.gatherings import evolution_generations as generations
from studio.gatherings.evolution_generations import find_living, parents_of, winning_ordinals
from studio.gatherings.fair_votes import lot
from studio.gatherings.kind import Turn


def rank_round(turn: Turn) -> generations.Ranking:
    """The pictures of the present round, with their approvals."""
    parts = {part.ordinal: part for part in turn.parts()}
    chosen = [parts[ordinal].human for ordinal in winning_ordinals(turn.row.data)]

    def distance(part: Part) -> int:
        parent = next((find_living(parts, ordinal) for ordinal in parents_of(part)), None)
        hashes = [_perceptual_hash(turn, found) for found in (part, parent)]
        return difference(hashes[0], hashes[1]) if hashes[0] and hashes[1] else 0

    return generations.rank(
        turn.parts(PartState.SET, round_number=turn.row.round),
        turn.votes(),
        times_chosen=lambda part: chosen.count(part.human),
        distance=distance,
        lot=lambda part: lot(turn, part.ordinal),
    )


def _perceptual_hash(turn: Turn, part: Part | None) -> str | None:
    row = turn.session.get(PictureRow, part.picture) if part and part.picture else None
    return row.perceptual_hash if row else None


def draw_wildcard(turn: Turn, parents: list[Part]) -> int:
    """An earlier picture by lot, else the winner once more."""
    taken = {part.ordinal for part in parents}
    earlier = [
        part
        for part in turn.parts(PartState.SET)
        if part.round < turn.row.round and part.ordinal not in taken
    ]
    if not earlier:
        return parents[0].ordinal
    return min(earlier, key=lambda part: lot(turn, "wildcard", part.ordinal)).ordinal
