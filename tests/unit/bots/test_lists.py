"""Commands that answer with lists: the queue, one's history, credits, and a picture's family."""

import io
from dataclasses import replace

import pytest
from PIL import Image
from sqlalchemy import select

from bots.drawing.lineage_tree import draw_family
from studio.commands.pictures.lineage import MOST_RELATIVES
from studio.commands.registry import execute
from studio.commands.results import Balance
from studio.commands.spec import Call
from studio.db.tables import JobRow, PictureRow
from studio.domain.jobs import JobState
from studio.domain.requests import Operation, PaintRequest
from studio.errors import BadParameterError, ChatelierError, NotFoundError
from studio.ports import InstanceLimits, Ports
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import end_job, paint_job
from tests.support.message_text import answer_text
from tests.support.sentences import raises


def asks(call: Call, who: str = "ana", mark: str = "") -> Call:
    return replace(call, person=someone(who), request_key=f"{call.request_key}:{who}:{mark}")


def imagine(ports: Ports, call: Call, prompt: str = "a red fox", **values: object) -> str:
    return execute(ports, call, "imagine", {"prompt": prompt, **values}).job_id


def small_png(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), colour).save(file, "PNG")
    return file.getvalue()


class TestQueue:
    def test_it_shows_ones_own_waiting_jobs_with_their_places(self, ports, call):
        imagine(ports, asks(call, "bo"))
        mine = imagine(ports, asks(call, "ana"))
        answer = execute(ports, call, "queue", {})
        assert [(place.job.id, place.ahead) for place in answer.places] == [(mine, 1)]
        assert f"1. a red fox · {mine} · Waiting: 1 job is ahead." in answer_text(answer)

    def test_what_is_over_is_not_in_the_queue(self, ports, call):
        end_job(ports, imagine(ports, call), JobState.FAILED)
        assert "You have no jobs in the queue." in answer_text(execute(ports, call, "queue", {}))

    def test_it_takes_no_parameters(self, ports, call):
        with pytest.raises(BadParameterError):
            execute(ports, call, "queue", {"job": "x"})


class TestHistory:
    def test_it_shows_ones_own_latest_jobs_first(self, ports, call):
        first = paint_job(ports, imagine(ports, asks(call, mark="1"), "a red fox"))
        second = imagine(ports, asks(call, mark="2"), "a blue bird")
        end_job(ports, second, JobState.FAILED)
        paint_job(ports, imagine(ports, asks(call, "bo"), "not mine"))
        imagine(ports, asks(call, mark="3"), "still waiting")
        assert answer_text(execute(ports, call, "history", {})).splitlines()[1:] == [
            f"1. a blue bird · {second} · failed",
            f"2. a red fox · {first} · done",
        ]

    def test_a_newcomer_has_none(self, ports, call):
        assert "You have not painted anything here yet." in answer_text(execute(ports, call, "history", {}))


class TestCredits:
    def test_without_a_limit_pictures_are_counted(self, ports, call):
        paint_job(ports, imagine(ports, call, count=3))
        assert execute(ports, call, "credits", {}) == Balance(used=3, monthly=None)
        line = "You used 1 credit this month. There is no limit here."
        assert answer_text(Balance(used=1, monthly=None)) == line

    def test_failed_jobs_cost_nothing_and_waiting_ones_are_set_aside(self, ports, call):
        limited = ruled(ports, InstanceLimits(monthly_credits=10))
        execute(limited, asks(call, mark="1"), "cancel", {"job": imagine(limited, asks(call, mark="1"))})
        imagine(limited, asks(call, mark="2"), count=4)
        answer = execute(limited, call, "credits", {})
        assert (answer.used, answer.left) == (4, 6)
        assert "6 are left" in answer_text(answer)

    def test_somebody_who_never_painted_has_everything_left(self, ports, call):
        answer = execute(ruled(ports, InstanceLimits(monthly_credits=10)), call, "credits", {})
        assert (answer.used, answer.left) == (0, 10)


class TestLineage:
    @pytest.fixture
    def family(self, ports, call):
        """Ana's fox, Bo's variation of its second tile, Cy's upscale of that."""
        fox = paint_job(ports, imagine(ports, asks(call, "ana")), png=small_png("red"))
        varied = execute(ports, asks(call, "bo"), "vary", {"picture": f"{fox}.2"}).job_id
        paint_job(ports, varied, png=small_png("blue"))
        upscaled = execute(ports, asks(call, "cy"), "upscale", {"picture": f"{varied}.1"}).job_id
        paint_job(ports, upscaled, png=small_png("green"))
        with ports.database.begin() as session:
            for row in session.scalars(select(PictureRow)):
                row.thumbnail_key = row.storage_key
        return fox, varied, upscaled

    def test_it_shows_ancestors_and_descendants_with_their_makers(self, ports, call, family):
        fox, varied, upscaled = family
        answer = execute(ports, call, "lineage", {"picture": f"{varied}.1"})
        assert [
            (relative.picture.id, relative.person.user_id, relative.parents) for relative in answer.relatives
        ] == [
            (f"{fox}.2", "ana", ()),
            (f"{varied}.1", "bo", (f"{fox}.2",)),
            (f"{upscaled}.1", "cy", (f"{varied}.1",)),
        ]
        lines = answer_text(answer).splitlines()
        assert "Its family: 3 pictures, by @Ana, @Bo and @Cy." in lines
        assert f"{varied}.1 · red fox · varied by @Bo from {fox}.2" in lines

    def test_a_picture_without_relatives_is_a_family_of_its_own(self, ports, call):
        job_id = paint_job(ports, imagine(ports, call))
        answer = execute(ports, call, "lineage", {"picture": f"{job_id}.1"})
        assert [relative.picture.id for relative in answer.relatives] == [f"{job_id}.1"]

    def test_a_deleted_ancestor_stays_as_a_gap_without_its_words(self, ports, call, family):
        fox, varied, _ = family
        execute(ports, asks(call, "ana"), "delete", {"what": f"{fox}.2"})
        answer = execute(ports, call, "lineage", {"picture": f"{varied}.1"})
        assert f"{fox}.2 · deleted · @Ana" in answer_text(answer).splitlines()
        assert Image.open(io.BytesIO(draw_family(answer, ports.store))).format == "PNG"

    def test_what_was_never_shown_stays_hidden(self, ports, call, family):
        _, varied, upscaled = family
        with ports.database.begin() as session:
            session.get_one(JobRow, upscaled).state = JobState.HELD
        answer = execute(ports, call, "lineage", {"picture": f"{varied}.1"})
        assert upscaled not in answer_text(answer)

    def test_another_community_finds_nothing(self, ports, call, family):
        stranger = replace(call, person=someone("eve", community="elsewhere"))
        with pytest.raises(NotFoundError):
            execute(ports, stranger, "lineage", {"picture": f"{family[1]}.1"})

    def test_the_drawn_tree_shows_every_picture_and_a_frame_round_the_one_asked_for(
        self, ports, call, family
    ):
        answer = execute(ports, call, "lineage", {"picture": f"{family[1]}.1"})
        drawn = Image.open(io.BytesIO(draw_family(answer, ports.store)))
        colours = {colour for _, colour in drawn.getcolors(drawn.width * drawn.height)}
        assert {(255, 0, 0), (0, 0, 255), (0, 128, 0), (194, 87, 27)} <= colours
        assert drawn.height > drawn.width, "three generations stand above each other"

    def test_a_large_family_is_cut_and_still_drawn(self, ports, call):
        fox = paint_job(ports, imagine(ports, asks(call, "ana")), png=small_png("red"))
        for number in range(20):
            child = execute(ports, asks(call, f"p{number}"), "vary", {"picture": f"{fox}.1"}).job_id
            paint_job(ports, child, png=small_png("blue"))
        answer = execute(ports, call, "lineage", {"picture": f"{fox}.1"})
        assert len(answer.relatives) == MOST_RELATIVES
        assert "45 more are not listed." in answer_text(answer)
        drawn = Image.open(io.BytesIO(draw_family(answer, ports.store)))
        assert drawn.width < 2000


class TestGiving:
    def test_credits_go_to_somebody_who_is_told(self, ports, call):
        counted = ruled(ports, InstanceLimits(monthly_credits=50))
        bo = replace(call, person=someone("bo"), request_key="test:bo")
        execute(counted, bo, "settings", {"count": 1})
        given = execute(counted, call, "credits", {"to": someone("bo").key, "amount": 20})
        assert (given.seen.person.user_id, given.amount, given.left) == ("bo", 20, 30)
        assert execute(counted, call, "credits", {}).left == 30
        assert execute(counted, bo, "credits", {}).left == 70
        assert type(ports.events.published[-1]).__name__ == "NoticeWritten"

    @pytest.mark.parametrize(
        ("values", "problem"),
        [
            ({"to": "web:room:bo"}, "missing"),
            ({"amount": 3}, "missing"),
            ({"to": "web:room:ana", "amount": 3}, "yourself"),
            ({"to": "web:room:bo", "amount": 51}, "have 50"),
            ({"to": "web:other:bo", "amount": 1}, "this community"),
            ({"to": "web:room:nobody", "amount": 1}, "not found"),
        ],
    )
    def test_what_cannot_be_given_stays(self, ports, call, values, problem):
        counted = ruled(ports, InstanceLimits(monthly_credits=50))
        for name in ("ana", "bo"):
            key = f"test:first:{name}"
            execute(counted, replace(call, person=someone(name), request_key=key), "settings", {"count": 1})
        with raises(ChatelierError, match=problem):
            execute(counted, call, "credits", values)
        assert execute(counted, call, "credits", {}).left == 50

    def test_where_credits_are_not_counted_there_is_nothing_to_give(self, ports, call):
        with raises(BadParameterError, match="never run out"):
            execute(ports, call, "credits", {"to": someone("bo").key, "amount": 3})


@pytest.mark.parametrize(
    ("size", "cost"),
    [
        ({}, 4),
        ({"steps": 30}, 4),
        ({"steps": 31}, 8),
        ({"steps": 100}, 16),
        ({"width": 64, "height": 64}, 4),
        ({"width": 1024, "height": 1024, "steps": 10}, 4),
        ({"width": 2048, "height": 2048}, 16),
        ({"width": 2048}, 8),
        ({"width": 2048, "height": 2048, "steps": 60}, 32),
    ],
)
def test_large_pictures_and_many_steps_cost_more(size, cost):
    assert PaintRequest(operation=Operation.IMAGINE, seed=1, count=4, **size).cost == cost
