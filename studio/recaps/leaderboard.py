"""Whose pictures others of a community built on most lately."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from studio.clock import now
from studio.db import queries
from studio.db.identities.people import find_person
from studio.domain.people import Person, Platform
from studio.domain.pictures import Picture
from studio.recaps.most_built_on import find_most_built_on

_PLACES = 10
_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardPlace:
    """Somebody, how many others built on their pictures, and the picture on which most did."""

    person: Person
    builders: int
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """Those on whose pictures others built in the last `days`, the first place first."""

    places: tuple[LeaderboardPlace, ...]
    days: int


def load_leaderboard(session: Session, home: tuple[Platform, str]) -> Leaderboard:
    until = now()
    found = find_most_built_on(session, home, since=until - timedelta(days=_DAYS), until=until, most=_PLACES)
    places = [
        LeaderboardPlace(
            person=find_person(session, entry.person_key),
            builders=entry.builders,
            picture=queries.find_picture(session, entry.picture_id),
        )
        for entry in found
    ]
    return Leaderboard(places=tuple(places), days=_DAYS)
