"""Every message and form of contests, and the hall of winners, for the tests of every renderer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bots.presentation.compose.answers import compose_answer
from bots.presentation.compose.gatherings.management import with_management
from bots.presentation.compose.gatherings.recaps.recap import compose_recap
from bots.presentation.compose.gatherings.registry import PRESENTERS
from bots.presentation.compose.picture_choice import compose_panel
from bots.presentation.form_model import Form
from bots.presentation.message import Message
from bots.queries.gathering_view import GatheringView, PartView, Reader
from studio.commands.button_ids import Action, Button
from studio.commands.gathering_results import GatheringActed, HallPlace, HallShown
from studio.domain.gatherings import PartState
from studio.recaps.leaderboard import Leaderboard, LeaderboardPlace
from studio.recaps.weekly_recap import RecapPicture, WeeklyRecap
from tests.support.gathering_samples import (
    GATHERING_ID,
    read_by_moderator,
    sample_gathering,
    sample_gathering_view,
    sample_part,
)
from tests.support.sample_domain import ANA, BO, NOON, sample_job, sample_picture

_RULES = {
    "title": "Autumn light",
    "theme": "What the evening sun does to a town",
    "entries": 2,
    "rules": "own,no-uploads",
    "aspect": "3:2",
    "prize": 20,
}
_PLACES = [
    {"place": 1, "part": 2, "approvals": 4, "showings": 6},
    {"place": 1, "part": 3, "approvals": 4, "showings": 6},
    {"place": 3, "part": 1, "approvals": 1, "showings": 6},
]


def _view(state: str, *parts: PartView, **changes: object) -> GatheringView:
    gathering = sample_gathering("contest", state, **{"rules": _RULES, **changes})
    return sample_gathering_view("contest", state, gathering=gathering, parts=parts)


def _entries() -> tuple[PartView, ...]:
    waiting = sample_part(4, BO, state=PartState.HELD, picture=None)
    return sample_part(1), sample_part(2, BO), sample_part(3), replace(waiting, picture=None)


def _read_by_bo(view: GatheringView, **changes: object) -> GatheringView:
    reader = Reader(person=BO, human=BO.key, chosen=frozenset({3}), pages=((1, 3),))
    return replace(view, reader=replace(reader, **changes))  # type: ignore[arg-type]


def _press(verb: str, part: int = 0) -> Button:
    return Button(action=Action.GATHER_SHOW, job_id=GATHERING_ID, verb=verb, round=1, part=part)


def _contests() -> dict[str, Message]:
    presenter = PRESENTERS["contest"]
    entered, voting = _view("open", *_entries()), _view("voting", *_entries())
    judged = _view("voting", *_entries(), rules={**_RULES, "judge": "moderators"}, data={"chosen": 2})
    closed = {"closed_at": NOON, "phase_ends_at": None}
    won = _view("closed", *_entries(), data={"winners": [2, 3], "places": _PLACES}, **closed)
    gone = replace(won, parts=(sample_part(1), replace(sample_part(2, BO), picture=None), sample_part(3)))
    return {
        "contest announced": presenter.message(_view("announced")),
        "contest open": with_management(presenter.message(entered), entered, presenter.name),
        "contest voting": with_management(presenter.message(voting), voting, presenter.name),
        "contest judged": presenter.message(judged),
        "contest won": presenter.message(won),
        "contest won by a picture that is gone": presenter.message(gone),
        "contest without entries": presenter.message(_view("closed", **closed)),
        "contest ballot": presenter.panel(_read_by_bo(voting), _press("ballot")),
        "contest ballot with a page after": presenter.panel(
            _read_by_bo(voting, pages=((1,), (3,))), _press("ballot", 1)
        ),
        "contest ballot empty": presenter.panel(_read_by_bo(voting, pages=()), _press("ballot")),
        "contest judge": presenter.panel(read_by_moderator(judged), _press("judge")),
        "contest not judged": presenter.panel(_read_by_bo(judged), _press("judge")),
        "contest own entries": presenter.panel(_read_by_bo(entered), _press("mine")),
        "contest no own entries": presenter.panel(_read_by_bo(_view("open")), _press("mine")),
    }


def _themes() -> dict[str, Message]:
    presenter = PRESENTERS["theme"]
    rules = {"theme": "Autumn light | Old boats", "every": "week", "at": "09:00"}

    def view(state: str, **changes: object) -> GatheringView:
        gathering = sample_gathering("theme", state, **{"rules": rules, "round": 4, **changes})
        return sample_gathering_view("theme", state, gathering=gathering, parts=(), voters=0)

    running, paused = view("running"), view("paused")
    one = view("running", rules={"theme": "Rain", "every": "day"}, round=1)
    return {
        "theme running": with_management(presenter.message(running), running, presenter.name),
        "theme of one subject": presenter.message(one),
        "theme paused": presenter.message(paused),
        "theme ended": presenter.message(view("ended", closed_at=NOON, phase_ends_at=None)),
    }


def _recaps() -> dict[str, Message]:
    picture = sample_picture(1)
    won = RecapPicture(picture=picture, person=ANA, title="Autumn light")
    recap = WeeklyRecap(since=NOON - timedelta(days=7), until=NOON, people=7, pictures=80, new_people=3)
    full = replace(
        recap,
        winners=(won, replace(won, picture=sample_picture(2), person=BO, title="Boats")),
        most_built_on=RecapPicture(picture=sample_picture(3), person=BO),
        builders=4,
        longest_chain=6,
        murals=("a quiet sea",),
    )
    return {
        "recap": compose_recap(full),
        "recap of a quiet week": compose_recap(replace(recap, new_people=0)),
    }


def _answers() -> dict[str, Message]:
    gathering = sample_gathering("contest", "open", rules=_RULES)
    values = {"part": 2}
    picture = sample_picture(1)
    place = HallPlace(title="Autumn light", closed_at=NOON, person=ANA, picture=picture)
    gone = HallPlace(title="Boats", closed_at=NOON)
    hall = HallShown(places=(place, gone), pages=2)
    spoiler = HallShown(places=(replace(place, spoiler=True),), page=2, pages=2, first=6)
    built_on = LeaderboardPlace(person=ANA, builders=4, picture=picture)
    single = sample_job(count=1)
    answers = {
        "contest entered": GatheringActed(gathering=gathering, code="entered", values=values),
        "contest entered out of competition": GatheringActed(
            gathering=gathering, code="entered_outside", values=values
        ),
        "hall": hall,
        "hall with a hidden winner": spoiler,
        "hall empty": HallShown(places=()),
        "leaderboard": Leaderboard(
            places=(built_on, replace(built_on, person=BO, builders=1, picture=sample_picture(2))), days=30
        ),
        "leaderboard empty": Leaderboard(places=(), days=30),
    }
    composed = {name: compose_answer(answer) for name, answer in answers.items()}
    panel = compose_panel(single, sample_picture(1, single), own=True, possible={Action.ENTER})
    return {name: message for name, message in composed.items() if message} | {
        "panel of the owner while a contest is open": panel
    }


CONTEST_MESSAGES: Mapping[str, Message] = {**_contests(), **_themes(), **_recaps(), **_answers()}
CONTEST_FORMS: Mapping[str, Form] = {
    "contest entry": PRESENTERS["contest"].form(_view("open"), _press("enter")),
}
