"""Several pictures in one value, by their ids, each with a weight or without."""

from dataclasses import dataclass

from studio.domain.identifiers import split_picture_id
from studio.domain.requests import MOST_REFERENCES
from studio.errors import BadParameterError

LEAST_WEIGHT, MOST_WEIGHT = 0.05, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedPicture:
    picture_id: str
    weight: float = 1.0


def parse_pictures(parameter: str, text: str) -> tuple[WeightedPicture, ...]:
    """``"k3v9m2p4qx7a.2:0.8, k3v9m2p4qx7a.1"``, with commas or spaces between. Raises `BadParameterError`."""
    found = tuple(_parse_picture(parameter, part) for part in text.lower().replace(",", " ").split())
    require_few(parameter, len(found))
    return found


def require_few(parameter: str, count: int) -> None:
    """Raises `BadParameterError` for more references than a request may have."""
    if count > MOST_REFERENCES:
        raise BadParameterError(parameter, "too_many_pictures_named", most=MOST_REFERENCES)


def _parse_picture(parameter: str, text: str) -> WeightedPicture:
    picture_id, colon, number = text.partition(":")
    if split_picture_id(picture_id) is None:
        raise BadParameterError(parameter, "not_picture_ids")
    if not colon:
        return WeightedPicture(picture_id=picture_id)
    try:
        weight = float(number)
    except ValueError:
        raise BadParameterError(parameter, "reference_weight") from None
    if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
        raise BadParameterError(parameter, "reference_weight")
    return WeightedPicture(picture_id=picture_id, weight=weight)
