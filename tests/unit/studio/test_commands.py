"""Commands on a real database: one request, one job, one charge."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from studio.clock import now
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute
from studio.commands.results import Accepted, JobsStopped, PicturesDeleted, PictureShown, StarChanged
from studio.db import credit_ledger, job_transitions, queries
from studio.db.queue_estimates import outlook
from studio.db.tables import JobRow, LedgerRow, OutboxRow
from studio.domain.jobs import JobState
from studio.domain.requests import Operation
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import (
    BadParameterError,
    NotAllowedError,
    NotFoundError,
    OutOfCreditsError,
    PolicyRefusalError,
    RateLimitedError,
    TooManyJobsError,
)
from studio.ports import InstanceLimits
from tests.support.buttons import execute_button
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import end_job, paint_job
from tests.support.sentences import error_text, raises


def other(call, name="bo", **kwargs):
    return replace(call, person=someone(name, **kwargs), request_key=call.request_key + name)


def again(call, mark="2"):
    return replace(call, request_key=call.request_key + mark)


def ledger_kinds(ports, job_id):
    with ports.database.read() as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.job_id == job_id))
        return sorted(row.kind for row in rows)


def job_of(ports, job_id):
    with ports.database.read() as session:
        return queries.find_job(session, job_id)


class TestAccepting:
    def test_a_request_becomes_a_queued_job_with_reserved_credits(self, ports, call):
        answer = execute(ports, call, "imagine", {"prompt": "a red apple", "seed": 7})
        job = job_of(ports, answer.job_id)
        assert job.state is JobState.QUEUED
        assert (job.request.prompt, job.request.seed, job.request.count) == ("a red apple", 7, 4)
        assert ledger_kinds(ports, job.id) == ["reserve"]
        assert ports.queue.sent == [(job.id, 0)]
        assert [event.job_id for event in ports.events.published] == [job.id]

    @pytest.mark.parametrize(
        ("asked", "shape"),
        [
            ({"size": "512x768"}, (None, 512, 768)),
            ({"aspect": "3:2"}, ("3:2", None, None)),
            ({"width": 300, "height": 200}, (None, 300, 200)),
            ({"aspect": "3:2", "width": 768}, (None, 768, 512)),
            ({"aspect": "3:2", "height": 512}, (None, 768, 512)),
        ],
    )
    def test_a_shape_may_be_said_in_several_ways(self, ports, call, asked, shape):
        accepted = execute(ports, call, "imagine", {"prompt": "a boat", **asked})
        request = job_of(ports, accepted.job_id).request
        assert (request.aspect, request.width, request.height) == shape

    @pytest.mark.parametrize(
        ("asked", "wrong"),
        [
            ({"size": "512x768", "aspect": "3:2"}, "size"),
            ({"size": "512x768", "width": 512}, "size"),
            ({"aspect": "3:2", "width": 300, "height": 200}, "aspect"),
            ({"aspect": "4:1", "width": 128}, "size"),
        ],
    )
    def test_a_shape_that_contradicts_itself_is_refused(self, ports, call, asked, wrong):
        with pytest.raises(BadParameterError) as caught:
            execute(ports, call, "imagine", {"prompt": "a boat", **asked})
        assert caught.value.parameter == wrong

    def test_the_same_click_twice_is_one_job(self, ports, call):
        first = execute(ports, call, "imagine", {"prompt": "a red apple"})
        second = execute(ports, call, "imagine", {"prompt": "a red apple"})
        assert second.job_id == first.job_id
        assert second.repeated
        assert len(ports.queue.sent) == 1

    def test_a_lost_queue_loses_nothing(self, ports, call):
        ports.queue.away = True
        answer = execute(ports, call, "imagine", {"prompt": "a red apple"})
        assert job_of(ports, answer.job_id).state is JobState.ACCEPTED

    def test_lost_events_stay_in_the_outbox(self, ports, call):
        ports.events.away = True
        execute(ports, call, "imagine", {"prompt": "a red apple"})
        with ports.database.read() as session:
            assert [row.published_at for row in session.scalars(select(OutboxRow))] == [None]

    def test_priority_is_the_number_of_jobs_already_outstanding(self, ports, call):
        for index in range(3):
            execute(ports, again(call, str(index)), "imagine", {"prompt": "a red apple"})
        execute(ports, other(call), "imagine", {"prompt": "a blue boat"})
        assert [priority for _, priority in ports.queue.sent] == [0, 1, 2, 0]

    def test_a_newcomer_goes_ahead_of_a_busy_neighbour(self, ports, call):
        for index in range(3):
            execute(ports, again(call, str(index)), "imagine", {"prompt": "a red apple"})
        answer = execute(ports, other(call), "imagine", {"prompt": "a blue boat"})
        with ports.database.read() as session:
            assert outlook(session, answer.job_id).ahead == 1

    def test_a_refusal_of_the_gate_leaves_a_refused_job_and_no_charge(self, ports, call):
        ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="words", category="violence", evidence="x")
        with pytest.raises(PolicyRefusalError) as caught:
            execute(ports, call, "imagine", {"prompt": "a red apple"})
        assert (caught.value.rule, caught.value.category) == ("words", "violence")
        assert "x" not in error_text(caught.value).split()
        with ports.database.read() as session:
            row = session.get_one(JobRow, caught.value.job_id)
            assert (row.state, row.refused_rule, row.cost) == (JobState.REFUSED, "words", 0)
            assert credit_ledger.used_credits(session, call.person.key, at=now()) == 0
        assert ports.queue.sent == []
        with pytest.raises(PolicyRefusalError) as repeated:
            execute(ports, call, "imagine", {"prompt": "a red apple"})
        assert repeated.value.job_id == caught.value.job_id

    def test_of_the_core_no_words_are_kept_and_there_is_no_appeal(self, ports, call):
        ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="minors", category="minors", appealable=False)
        with pytest.raises(PolicyRefusalError) as caught:
            execute(ports, call, "imagine", {"prompt": "a red apple"})
        assert caught.value.job_id is None
        with ports.database.read() as session:
            row = session.scalars(select(JobRow)).one()
            assert "apple" not in str(row.request)

    def test_a_held_prompt_waits_for_a_moderator(self, ports, call):
        ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="words", category="violence")
        answer = execute(ports, call, "imagine", {"prompt": "a red apple"})
        assert answer.state is JobState.HELD
        assert ports.queue.sent == []

    def test_limits_of_the_gate_reach_the_person(self, ports, call):
        ports.gate.admit_error = RateLimitedError(retry_after_seconds=12.4)
        with raises(RateLimitedError, match="12 s"):
            execute(ports, call, "imagine", {"prompt": "a red apple"})

    def test_too_many_jobs_at_once_are_refused(self, ports, call):
        strict = ruled(ports, InstanceLimits(max_outstanding_jobs=2))
        for index in range(2):
            execute(strict, again(call, str(index)), "imagine", {"prompt": "a red apple"})
        with raises(TooManyJobsError, match="2 jobs"):
            execute(strict, again(call, "3"), "imagine", {"prompt": "a red apple"})

    def test_credits_run_out(self, ports, call):
        poor = ruled(ports, InstanceLimits(monthly_credits=6))
        execute(poor, call, "imagine", {"prompt": "a red apple"})
        with raises(OutOfCreditsError, match=r"needs 4 credits and you have 2.* on 1 "):
            execute(poor, again(call), "imagine", {"prompt": "a red apple"})
        execute(poor, again(call), "imagine", {"prompt": "a red apple", "count": 2})

    def test_more_pictures_than_the_instance_allows_are_refused(self, ports, call):
        with raises(BadParameterError, match="At most 4"):
            execute(ports, call, "imagine", {"prompt": "a red apple", "count": 8})

    def test_the_gate_sees_the_words_of_the_ancestors(self, ports, call):
        first = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id)
        second = execute(ports, again(call), "remix", {"picture": f"{first}.1", "prompt": "a green apple"})
        child = paint_job(ports, second.job_id)
        execute(ports, again(call, "3"), "vary", {"picture": f"{child}.1"})
        assert ports.gate.admissions[-1].lineage_prompts == ("a red apple", "a green apple")


class TestBuildingOnPictures:
    @pytest.fixture
    def picture(self, ports, call):
        job = execute(ports, call, "imagine", {"prompt": "a red apple", "negative": "text"}).job_id
        return f"{paint_job(ports, job)}.2"

    def test_a_variation_takes_over_the_recipe(self, ports, call, picture):
        answer = execute(ports, again(call), "vary", {"picture": picture, "strength": "subtle"})
        request = job_of(ports, answer.job_id).request
        assert (request.operation, request.prompt, request.negative_prompt, request.variation) == (
            Operation.VARY,
            "a red apple",
            "text",
            "subtle",
        )
        assert request.sources[0].picture_id == picture

    def test_an_edit_needs_a_region(self, ports, call, picture):
        with raises(BadParameterError, match="B2-C3"):
            execute(ports, again(call), "edit", {"picture": picture, "prompt": "a boat"})

    def test_an_edit_names_its_cells(self, ports, call, picture):
        values = {"picture": picture, "prompt": "a boat", "region": "B2-C3"}
        answer = execute(ports, again(call), "edit", values)
        assert job_of(ports, answer.job_id).request.cells == ("B2", "B3", "C2", "C3")

    def test_an_expansion_goes_to_all_sides_unless_told(self, ports, call, picture):
        answer = execute(ports, again(call), "expand", {"picture": picture})
        request = job_of(ports, answer.job_id).request
        assert (request.sides, request.amount_percent) == (("left", "top", "right", "bottom"), 50)

    def test_an_expansion_to_an_aspect_has_no_sides(self, ports, call, picture):
        answer = execute(ports, again(call), "expand", {"picture": picture, "aspect": "16:9"})
        request = job_of(ports, answer.job_id).request
        assert (request.sides, request.amount_percent, request.aspect) == ((), None, "16:9")

    def test_an_expansion_knows_whether_the_words_are_the_persons_own(self, ports, call, picture):
        for key, values in (("2", {}), ("3", {"prompt": "a lake"})):
            answer = execute(ports, again(call, key), "expand", {"picture": picture, **values})
            assert job_of(ports, answer.job_id).request.own_words is bool(values)

    def test_an_amount_and_an_aspect_together_are_refused(self, ports, call, picture):
        with raises(BadParameterError, match="an amount or a new aspect"):
            execute(ports, call, "expand", {"picture": picture, "aspect": "16:9", "amount": 50})

    def test_sides_and_aspect_together_are_refused(self, ports, call, picture):
        with raises(BadParameterError, match="not both"):
            execute(ports, again(call), "expand", {"picture": picture, "aspect": "16:9", "sides": "left"})

    def test_an_upscale_is_one_picture(self, ports, call, picture):
        answer = execute(ports, again(call), "upscale", {"picture": picture})
        assert job_of(ports, answer.job_id).cost == 1

    def test_a_reroll_asks_again_with_a_new_seed(self, ports, call, picture):
        first = job_of(ports, picture.split(".")[0]).request
        answer = execute(ports, again(call), "reroll", {"job": picture})
        second = job_of(ports, answer.job_id).request
        assert second.seed != first.seed
        assert replace(second, seed=first.seed) == first

    def test_an_upscale_is_not_rerolled(self, ports, call, picture):
        job = execute(ports, again(call), "upscale", {"picture": picture}).job_id
        with raises(BadParameterError, match="the same each time"):
            execute(ports, again(call, "3"), "reroll", {"job": job})

    @pytest.mark.parametrize("action", [Action.VARY, Action.UPSCALE, Action.EXPAND, Action.REROLL])
    def test_buttons_lead_to_jobs(self, ports, call, picture, action):
        button = Button(action=action, job_id=picture.split(".")[0], index=2)
        assert isinstance(execute_button(ports, again(call), button), Accepted)

    def test_pictures_of_another_community_are_out_of_reach(self, ports, call, picture):
        with pytest.raises(NotFoundError):
            execute(ports, other(call, community="elsewhere"), "vary", {"picture": picture})

    def test_pictures_held_for_a_moderator_are_out_of_reach(self, ports, call):
        job = execute(ports, again(call), "imagine", {"prompt": "a red apple"}).job_id
        paint_job(ports, job, state=JobState.HELD)
        with pytest.raises(NotFoundError):
            execute(ports, again(call, "3"), "vary", {"picture": f"{job}.1"})
        assert execute(ports, again(call, "4"), "show", {"job": job}).pictures == ()


class TestShowing:
    def test_a_job_shows_its_pictures_in_order(self, ports, call):
        job = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id)
        shown = execute(ports, call, "show", {"job": f"{job}.3"})
        assert isinstance(shown, PictureShown)
        assert [picture.index for picture in shown.pictures] == [1, 2, 3, 4]

    def test_stars_are_given_and_taken_back(self, ports, call):
        job = paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id)
        values = {"picture": f"{job}.1"}
        assert execute(ports, call, "star", values) == StarChanged(picture_id=f"{job}.1", stars=1, given=True)
        assert execute(ports, other(call), "star", values).stars == 2
        assert execute(ports, call, "star", values) == StarChanged(
            picture_id=f"{job}.1", stars=1, given=False
        )


class TestCancelling:
    def test_a_waiting_job_ends_at_once_and_gives_its_credits_back(self, ports, call):
        job = execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id
        assert execute(ports, call, "cancel", {"job": job}) == JobsStopped(job_id=job, at_once=True)
        assert job_of(ports, job).state is JobState.CANCELLED
        assert ledger_kinds(ports, job) == ["release", "reserve"]
        with ports.database.read() as session:
            assert credit_ledger.balance(session, call.person.key, at=now()) == 0

    def test_a_job_being_painted_is_asked_to_stop(self, ports, call):
        job = execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id
        with ports.database.begin() as session:
            job_transitions.take_lease(session, job, worker="w", at=now(), lease_seconds=30)
        assert execute(ports, call, "cancel", {"job": job}) == JobsStopped(job_id=job, at_once=False)
        assert job_of(ports, job).cancel_requested
        assert ports.queue.cancelled == [job]

    def test_only_its_person_or_a_moderator_may_cancel(self, ports, call):
        job = execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id
        with pytest.raises(NotAllowedError):
            execute(ports, other(call), "cancel", {"job": job})
        assert execute(ports, other(call, moderator=True), "cancel", {"job": job}).at_once

    def test_what_is_over_cannot_be_cancelled(self, ports, call):
        job = execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id
        end_job(ports, job, JobState.FAILED)
        with raises(BadParameterError, match="over already"):
            execute(ports, call, "cancel", {"job": job})


class TestDeleting:
    @pytest.fixture
    def job(self, ports, call):
        return paint_job(ports, execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id)

    def test_a_picture_and_its_files_go(self, ports, call, job):
        before = set(ports.store.blobs)
        assert execute(ports, call, "delete", {"what": f"{job}.2"}) == PicturesDeleted(
            picture_ids=(f"{job}.2",)
        )
        assert len(before - set(ports.store.blobs)) == 3  # picture, thumbnail and the grid that showed it
        with pytest.raises(NotFoundError):
            execute(ports, again(call), "vary", {"picture": f"{job}.2"})

    def test_all_pictures_of_a_job_go(self, ports, call, job):
        assert len(execute(ports, call, "delete", {"what": job}).picture_ids) == 4
        assert ports.store.blobs == {}
        with pytest.raises(NotFoundError):
            execute(ports, call, "delete", {"what": job})

    def test_a_file_that_another_picture_needs_stays(self, ports, call, job):
        twin = execute(ports, again(call), "imagine", {"prompt": "a red apple"}).job_id
        paint_job(ports, twin, like=job)
        execute(ports, call, "delete", {"what": job})
        with ports.database.read() as session:
            keys = {picture.key for picture in queries.pictures_of_job(session, twin)}
        assert keys <= set(ports.store.blobs)

    def test_only_the_maker_or_a_moderator_may_delete(self, ports, call, job):
        with pytest.raises(NotAllowedError):
            execute(ports, other(call), "delete", {"what": job})
        assert execute(ports, other(call, moderator=True), "delete", {"what": job})

    def test_a_job_that_is_not_over_is_cancelled_instead(self, ports, call):
        job = execute(ports, again(call), "imagine", {"prompt": "a red apple"}).job_id
        assert execute(ports, again(call, "3"), "delete", {"what": job}) == JobsStopped(
            job_id=job, at_once=True
        )
