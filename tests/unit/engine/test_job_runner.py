"""A job's life in the worker: whatever happens, it ends once, or somebody else can take it over."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from engine.imaging.codecs.encoding import encode_png
from engine.imaging.codecs.recipe_metadata import read_recipe
from engine.jobs.job_results import record
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from engine.maintenance.job_sweeper import Sweeper
from engine.types import GeneratedImage, Progress
from moderation.policy.policy import default_policy, parse_policy
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import cases, credit_ledger, job_transitions, queries
from studio.db.cases import find_notice
from studio.db.tables import CaseRow, JobRow, LedgerRow
from studio.domain.cases import CaseKind, NoticeKind
from studio.domain.events import CaseChanged, NoticeWritten
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from studio.domain.verdicts import ALLOWED, Ruling, Verdict
from studio.errors import (
    BannedError,
    DatabaseUnavailableError,
    InspectionError,
    JobCancelledError,
    NotSupportedError,
    StorageError,
)
from tests.support.case_sim import with_desk, with_gate
from tests.support.fakes import someone, somewhere
from tests.support.recipes import recipe_of


class Brush:
    """An atelier that paints plain pictures, or does what `act` says in the middle of it."""

    def __init__(self):
        self.orders = []
        self.act = lambda order, cancelled: None

    def paint(self, order, *, on_progress, cancelled):
        self.orders.append(order)
        on_progress(Progress(step=1, steps=2, preview=Image.new("RGB", (32, 32), "red")))
        self.act(order, cancelled)
        if cancelled():
            raise JobCancelledError
        on_progress(Progress(step=2, steps=2))
        return [painted(order, index) for index in range(order.request.count)]


def painted(order, index):
    colour = (index * 40, 90, 120)
    recipe = recipe_of(order.request, index, width=48, height=48, parents=())
    return GeneratedImage(image=Image.new("RGB", (48, 48), colour), recipe=recipe)


@pytest.fixture
def brush():
    return Brush()


@pytest.fixture
def leases(ports):
    return LeaseKeeper(ports.database, worker="w1", lease_seconds=30)


@pytest.fixture
def work(ports, brush, leases):
    return JobRunner(
        database=ports.database,
        store=ports.store,
        gate=ports.gate,
        events=ports.events,
        queue=ports.queue,
        generator=brush,
        leases=leases,
        rules=ports.rules,
        worker="w1",
    )


@pytest.fixture
def job(ports, call):
    return execute(ports, call, "imagine", {"prompt": "a red apple", "seed": 7}).job_id


def read(ports, job):
    with ports.database.read() as session:
        return queries.find_job(session, job), queries.pictures_of_job(session, job)


def entries(ports, job):
    with ports.database.read() as session:
        rows = session.scalars(select(LedgerRow).where(LedgerRow.job_id == job))
        return {row.kind: row.amount for row in rows}


def ends(ports, job):
    return [event.state for event in ports.events.published if getattr(event, "state", None)]


def test_a_job_ends_with_pictures_recipes_credits_and_word(ports, work, job):
    work.paint(job)
    ended, pictures = read(ports, job)
    assert ended.state is JobState.DONE
    assert [picture.recipe.seed for picture in pictures] == [7, 8, 9, 10]
    assert read_recipe(ports.store.get(pictures[0].key)).prompt == "a red apple"
    assert ports.store.get(pictures[0].thumbnail_key)
    assert entries(ports, job) == {"reserve": -4, "capture": 0}
    assert ends(ports, job) == [JobState.DONE]


def test_the_owner_of_a_picture_hears_at_once_that_somebody_built_on_it(ports, work, call, job):
    execute(ports, call, "settings", {"built_on": "now"})
    work.paint(job)
    bo = replace(call, person=someone("bo"), request_key="bo")
    built = execute(ports, bo, "vary", {"picture": f"{job}.2"}).job_id
    work.paint(built)
    [event] = [each for each in ports.events.published if isinstance(each, NoticeWritten)]
    with ports.database.read() as session:
        notice = find_notice(session, event.notice_id)
    assert (notice.person.key, notice.kind, notice.job_id) == (call.person.key, NoticeKind.BUILT_ON, built)
    assert notice.text.startswith(f"@Bo varied your picture “a red apple” ({job}.2).")


def test_a_job_knows_what_it_started_from_and_how_long_it_took(ports, work, call, job):
    work.paint(job)
    built = execute(ports, replace(call, request_key="v"), "upscale", {"picture": f"{job}.2"}).job_id
    assert read(ports, built)[0].duration is None
    work.paint(built)
    first, second = read(ports, job)[0], read(ports, built)[0]
    assert (first.origin_job_id, second.origin_job_id) == (None, job)
    assert second.duration == second.ended_at - second.created_at


def test_what_a_moderator_let_through_hidden_is_not_previewed(ports, work, job):
    with ports.database.begin() as session:
        session.get_one(JobRow, job).spoiler = True
    work.paint(job)
    assert [each.preview for each in ports.events.announced] == [None] * len(ports.events.announced)
    assert ports.events.announced


def test_progress_reaches_the_frontends_with_a_small_preview(ports, work, job):
    work.paint(job)
    first, last = ports.events.announced
    assert (first.step, first.steps, last.step) == (1, 2, 2)
    assert first.preview.startswith("data:image/")
    assert len(first.preview) < 8192


def test_a_redelivered_job_is_painted_once(ports, work, brush, job):
    work.paint(job)
    work.paint(job)
    assert len(brush.orders) == 1
    assert ends(ports, job) == [JobState.DONE]


def test_a_job_in_other_hands_is_left_alone(ports, work, brush, job):
    with ports.database.begin() as session:
        job_transitions.take_lease(session, job, worker="other", at=now(), lease_seconds=30)
    work.paint(job)
    assert brush.orders == []


def test_the_same_job_is_not_painted_twice_at_once_by_one_worker(ports, work, brush, job):
    inside, go_on = threading.Event(), threading.Event()

    def wait(order, cancelled):
        inside.set()
        go_on.wait()

    brush.act = wait
    first = threading.Thread(target=work.paint, args=[job])
    first.start()
    inside.wait()
    work.paint(job)
    go_on.set()
    first.join()
    assert len(brush.orders) == 1


def test_sources_and_masks_reach_the_generator(ports, work, brush, call):
    picture = ports.store.put(encode_png(Image.new("RGB", (64, 32), "blue")), suffix=".png")
    mask = ports.store.put(encode_png(Image.new("L", (64, 32), 255)), suffix=".png")
    values = {"image": Source(key=picture, mask_key=mask), "prompt": "a boat"}
    work.paint(execute(ports, call, "edit", values).job_id)
    order = brush.orders[0]
    assert (order.sources[0].size, order.mask.size, order.mask.mode) == ((64, 32), (64, 32), "L")


def test_cells_become_a_mask(ports, work, brush, call):
    picture = ports.store.put(encode_png(Image.new("RGB", (64, 64), "blue")), suffix=".png")
    values = {"image": Source(key=picture), "prompt": "a boat", "region": "A1"}
    work.paint(execute(ports, call, "edit", values).job_id)
    mask = brush.orders[0].mask
    assert (mask.getpixel((2, 2)), mask.getpixel((40, 40))) == (255, 0)


class TestFailing:
    @pytest.mark.parametrize("error", [NotSupportedError(model="m", operation="edit"), StorageError()])
    def test_a_failure_is_told_and_paid_back(self, ports, work, brush, job, error):
        def fail(order, cancelled):
            raise error

        brush.act = fail
        work.paint(job)
        ended, _ = read(ports, job)
        assert (ended.state, ended.error_code, ended.error_text) == (JobState.FAILED, error.code, str(error))
        assert entries(ports, job) == {"reserve": -4, "release": 4}

    def test_a_defect_is_told_without_its_inside(self, ports, work, brush, job):
        def fail(order, cancelled):
            raise ZeroDivisionError("secret path /srv/x")

        brush.act = fail
        work.paint(job)
        ended, _ = read(ports, job)
        assert ended.state is JobState.FAILED
        assert "secret" not in ended.error_text

    def test_a_missing_source_is_told(self, ports, work, call):
        job = execute(ports, call, "upscale", {"image": Source(key="gone.png")}).job_id
        work.paint(job)
        assert read(ports, job)[0].error_code == "not_found"

    def test_an_unreadable_source_is_told(self, ports, work, call):
        key = ports.store.put(b"no picture", suffix=".png")
        job = execute(ports, call, "upscale", {"image": Source(key=key)}).job_id
        work.paint(job)
        assert read(ports, job)[0].state is JobState.FAILED

    def test_a_full_store_leaves_no_half_job(self, ports, work, job):
        ports.store.error = StorageError()
        work.paint(job)
        ended, pictures = read(ports, job)
        assert (ended.state, pictures) == (JobState.FAILED, [])


class TestInspecting:
    def test_pictures_that_cannot_be_inspected_are_not_shown(self, ports, work, job):
        ports.gate.inspect_error = InspectionError()
        work.paint(job)
        ended, pictures = read(ports, job)
        assert (ended.state, ended.error_code, pictures) == (JobState.FAILED, "inspection", [])
        assert ports.store.blobs == {}

    def test_refused_pictures_are_not_stored_and_not_charged(self, ports, work, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.REFUSE, rule="nudity", category="sexual")
        work.paint(job)
        ended, _ = read(ports, job)
        assert ended.state is JobState.REFUSED
        assert ports.store.blobs == {}
        assert entries(ports, job) == {"reserve": -4, "release": 4}

    def test_one_picture_against_the_core_takes_all_along_and_the_words(self, ports, work, job, monkeypatch):
        refused = Verdict(ruling=Ruling.REFUSE, rule="r", category="minors", appealable=False)

        def inspect(inspection):
            with ports.database.begin() as session:  # as when the account is frozen for it
                session.get_one(JobRow, job).cancel_requested = True
            work._leases.cancel(job)
            return refused if read_recipe(inspection.png).seed == 8 else ALLOWED

        monkeypatch.setattr(ports.gate, "inspect", inspect)
        work.paint(job)
        ended, pictures = read(ports, job)
        assert (ended.state, ended.error_code, ended.request.prompt) == (JobState.REFUSED, "core", "")
        assert list(pictures) == []

    def test_one_refused_picture_does_not_take_the_others_along(self, ports, work, job):
        def inspect(inspection):
            ruling = Ruling.REFUSE if read_recipe(inspection.png).seed == 8 else Ruling.ALLOW
            return Verdict(ruling=ruling, rule="nudity", category="sexual")

        ports.gate.inspect = inspect
        work.paint(job)
        ended, pictures = read(ports, job)
        assert ended.state is JobState.DONE
        assert [picture.index for picture in pictures] == [1, 3, 4]
        assert entries(ports, job) == {"reserve": -4, "capture": 1}

    def test_a_held_picture_holds_the_job_and_its_credits(self, ports, work, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.HOLD, rule="face", category="named persons")
        work.paint(job)
        assert read(ports, job)[0].state is JobState.HELD
        assert entries(ports, job) == {"reserve": -4}


class TestStopping:
    def test_a_cancelled_job_stops_and_pays_back(self, ports, work, brush, leases, job):
        brush.act = lambda order, cancelled: leases.cancel(job)
        work.paint(job)
        assert read(ports, job)[0].state is JobState.CANCELLED
        assert entries(ports, job) == {"reserve": -4, "release": 4}
        assert ends(ports, job) == [JobState.CANCELLED]

    def test_a_job_cancelled_at_the_very_end_leaves_no_file(self, ports, work, leases, job, monkeypatch):
        def inspect(inspection):
            leases.cancel(job)
            return ALLOWED

        monkeypatch.setattr(ports.gate, "inspect", inspect)
        work.paint(job)
        assert read(ports, job)[0].state is JobState.CANCELLED
        assert ports.store.blobs == {}

    def test_a_file_that_was_deleted_since_it_was_put_is_laid_again(self, ports, work, job, monkeypatch):
        blobs = {}

        def record_late(*arguments, **options):
            blobs.update(ports.store.blobs)
            ports.store.blobs.clear()
            return record(*arguments, **options)

        monkeypatch.setattr("engine.jobs.job_runner.record", record_late)
        work.paint(job)
        assert blobs
        assert ports.store.blobs == blobs

    def test_a_deleted_picture_is_there_for_the_job_that_waits_for_it_and_not_longer(self, ports, work, call):
        first = execute(ports, call, "imagine", {"prompt": "a red apple"}).job_id
        work.paint(first)
        heir = execute(ports, replace(call, request_key="v"), "vary", {"picture": f"{first}.1"}).job_id
        source = read(ports, heir)[0].request.sources[0].key
        execute(ports, call, "delete", {"what": first})
        assert set(ports.store.blobs) == {source}
        work.paint(heir)
        ended, pictures = read(ports, heir)
        assert ended.state is JobState.DONE
        shown = {key for each in pictures for key in (each.key, each.thumbnail_key)}
        assert set(ports.store.blobs) == shown

    def test_a_cancel_that_came_before_the_lease_is_honoured(self, ports, work, brush, job):
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cancel_requested = True
        work.paint(job)
        assert brush.orders == []
        assert read(ports, job)[0].state is JobState.CANCELLED

    def test_a_worker_that_stops_gives_its_job_back(self, ports, work, brush, leases, job):
        brush.act = lambda order, cancelled: leases.stop_all()
        ports.queue.sent.clear()
        work.paint(job)
        given_back, _ = read(ports, job)
        assert (given_back.state, given_back.attempts) == (JobState.QUEUED, 0)
        assert ports.queue.sent == [(job, 0)]
        assert ends(ports, job) == []

    def test_a_worker_that_stops_takes_no_new_job(self, ports, work, brush, leases, job):
        leases.stop_all()
        work.paint(job)
        assert brush.orders == []

    def test_a_worker_whose_lease_was_taken_over_says_nothing(self, ports, work, brush, job):
        def lose(order, cancelled):
            with ports.database.begin() as session:
                row = session.get_one(JobRow, job)
                row.lease_owner = "other"

        brush.act = lose
        work.paint(job)
        assert read(ports, job)[0].state is JobState.PAINTING
        assert ends(ports, job) == []
        assert entries(ports, job) == {"reserve": -4}

    def test_heartbeats_renew_the_lease_and_hear_a_cancel(self, ports, brush, job):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        with ports.database.begin() as session:
            before = session.get_one(JobRow, job).lease_until
            session.get_one(JobRow, job).cancel_requested = True
        keeper.start()
        try:
            wait_for(lease.must_stop)
            with ports.database.read() as session:
                assert session.get_one(JobRow, job).lease_until > before
            assert not lease.lost
        finally:
            keeper.close()

    def test_the_heart_beats_on_after_a_defect(self, ports, job, monkeypatch):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cancel_requested = True
        renew, beats = keeper._renew, []

        def stumble(lease):
            beats.append(lease)
            if len(beats) == 1:
                raise TypeError
            renew(lease)

        monkeypatch.setattr(keeper, "_renew", stumble)
        keeper.start()
        try:
            wait_for(lease.must_stop)
        finally:
            keeper.close()

    def test_a_heartbeat_notices_that_the_lease_is_lost(self, ports, job):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).lease_owner = "other"
        keeper.start()
        try:
            wait_for(lambda: lease.lost)
        finally:
            keeper.close()


def wait_for(condition):
    while not condition():  # the time limit of each test bounds it
        threading.Event().wait(0.01)


def test_balances_are_whole_after_everything(ports, work, brush, call):
    states = []
    for index, act in enumerate([None, ZeroDivisionError, None, StorageError]):
        key = replace(call, request_key=f"many:{index}")
        job = execute(ports, key, "imagine", {"prompt": "a red apple", "count": 2}).job_id

        def step(order, cancelled, act=act):
            if act:
                raise act

        brush.act = step
        work.paint(job)
        states.append(read(ports, job)[0].state)
    assert states == [JobState.DONE, JobState.FAILED, JobState.DONE, JobState.FAILED]
    with ports.database.read() as session:
        assert credit_ledger.balance(session, call.person.key, at=now()) == -4


def cases_of(ports):
    with ports.database.read() as session:
        return [cases.case_of(row) for row in session.scalars(select(CaseRow))]


class TestJudgingAgain:
    """When painting starts: by today's bans and house rules."""

    def test_under_the_same_rules_nothing_is_judged_again(self, ports, work, brush, job):
        work.paint(job)
        assert (ports.gate.reviews, len(brush.orders)) == ([], 1)

    def test_under_new_rules_a_job_is_judged_again_and_remembers_them(self, ports, work, brush, job):
        ports.gate.policy_version = "newer"
        work.paint(job)
        assert [each.request.prompt for each in ports.gate.reviews] == ["a red apple"]
        assert (read(ports, job)[0].policy_version, len(brush.orders)) == ("newer", 1)

    def test_what_new_rules_refuse_is_not_painted_and_may_be_appealed(self, ports, work, brush, call, job):
        ports.gate.policy_version = "newer"
        ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="words", category="violence")
        work.paint(job)
        ended, _ = read(ports, job)
        assert (ended.state, ended.refused_rule, brush.orders) == (JobState.REFUSED, "words", [])
        assert entries(ports, job) == {"reserve": -4, "release": 4}
        assert not execute(ports, call, "appeal", {"job": job}).repeated

    def test_a_community_that_became_stricter_is_heard_when_painting_starts(self, ports, brush, leases, call):
        lenient = parse_policy('[categories.political]\naction = "allow"', over=default_policy())
        instance = with_gate(ports, policy=lenient)
        job = execute(instance, call, "imagine", {"prompt": "a ballot box"}).job_id
        moderator = Call(person=someone("mod", moderator=True), address=somewhere(), request_key="stricter")
        execute(instance, moderator, "community", {"setting": "policy", "value": "political refuse"})
        work = JobRunner(
            database=instance.database,
            store=instance.store,
            gate=instance.gate,
            events=instance.events,
            queue=instance.queue,
            generator=brush,
            leases=leases,
            rules=instance.rules,
            worker="w1",
        )
        work.paint(job)
        ended, _ = read(instance, job)
        assert (ended.state, ended.refused_category, brush.orders) == (JobState.REFUSED, "political", [])

    def test_what_new_rules_hold_waits_on_the_desk(self, ports, work, brush, job):
        ports.gate.policy_version = "newer"
        ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="words", category="violence", evidence="e")
        work.paint(job)
        (case,) = cases_of(ports)
        assert (read(ports, job)[0].state, case.job_id, case.evidence) == (JobState.HELD, job, "e")
        assert brush.orders == []

    def test_what_a_moderator_let_pass_is_not_judged_again(self, ports, work, brush, job):
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cleared = True
        ports.gate.policy_version = "newer"
        work.paint(job)
        assert (ports.gate.reviews, len(brush.orders)) == ([], 1)

    def test_whoever_was_banned_meanwhile_is_not_painted_for(self, ports, work, brush, job):
        ports.gate.welcome_error = BannedError()
        work.paint(job)
        ended, _ = read(ports, job)
        assert (ended.state, ended.error_code, brush.orders) == (JobState.CANCELLED, "banned", [])
        assert entries(ports, job) == {"reserve": -4, "release": 4}

    def test_a_job_that_cannot_be_judged_for_want_of_the_database_is_painted_later(
        self, ports, work, brush, job
    ):
        ports.gate.welcome_error = DatabaseUnavailableError()
        work.paint(job)
        assert (brush.orders, read(ports, job)[0].state) == ([], JobState.PAINTING)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).lease_until = now() - timedelta(seconds=1)
        ports.gate.welcome_error = None
        work.paint(job)
        assert read(ports, job)[0].state is JobState.DONE

    def test_held_pictures_lie_on_the_desk_as_one_case(self, ports, work, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.HOLD, rule="face", category="named persons")
        work.paint(job)
        (case,) = cases_of(ports)
        assert (case.kind, case.picture_id, case.rule) == (CaseKind.HOLD, f"{job}.1", "face")
        assert [event.case_id for event in ports.events.published if isinstance(event, CaseChanged)] == [
            case.id
        ]

    def test_refused_pictures_may_be_appealed(self, ports, work, call, job):
        ports.gate.picture_verdict = Verdict(ruling=Ruling.REFUSE, rule="nudity", category="sexual")
        work.paint(job)
        assert read(ports, job)[0].refused_category == "sexual"
        assert execute(ports, call, "appeal", {"job": job}).case.rule == "nudity"

    @pytest.mark.parametrize("appealable", [True, False])
    def test_of_a_cleared_job_a_moderator_sees_the_pictures_before_they_are_refused(
        self, ports, work, job, appealable
    ):
        with ports.database.begin() as session:
            session.get_one(JobRow, job).cleared = True
        ports.gate.picture_verdict = Verdict(
            ruling=Ruling.REFUSE, rule="nudity", category="sexual", appealable=appealable
        )
        work.paint(job)
        ended, _ = read(ports, job)
        assert ended.state is (JobState.HELD if appealable else JobState.REFUSED)
        assert (ended.request.prompt == "") is not appealable

    def test_the_share_of_a_worker_comes_with_the_order(self, ports, work, brush, job):
        ports.gate.allowed = replace(ports.gate.allowed, weight=1.5)
        work.paint(job)
        assert brush.orders[0].weight == 1.5


class TestPausing:
    """The kill switch."""

    @pytest.fixture
    def instance(self, ports):
        return with_desk(ports)

    def switch(self, instance, setting):
        moderator = someone("mod", moderator=True)
        asked = Call(person=moderator, address=somewhere(), request_key=setting)
        execute(instance, asked, "community", {"setting": setting})

    def test_what_is_being_painted_stops_and_goes_on_after_the_pause(
        self, ports, instance, work, brush, leases, job
    ):
        def pause(order, cancelled):
            self.switch(instance, "pause")
            assert ports.queue.put_aside == [job]
            leases.set_aside(job)

        brush.act = pause
        ports.queue.sent.clear()
        work.paint(job)
        waiting, _ = read(ports, job)
        assert (waiting.state, waiting.attempts) == (JobState.QUEUED, 0)
        assert (ports.queue.sent, ends(ports, job)) == ([], [])
        brush.act = lambda order, cancelled: None
        self.switch(instance, "resume")
        assert ports.queue.sent == [(job, 0)]
        work.paint(job)
        assert read(ports, job)[0].state is JobState.DONE

    def test_no_job_of_a_paused_community_is_begun_or_sent_again(self, ports, instance, work, brush, job):
        self.switch(instance, "pause")
        work.paint(job)
        assert (brush.orders, read(ports, job)[0].state) == ([], JobState.QUEUED)
        with ports.database.begin() as session:
            session.get_one(JobRow, job).queued_at = now() - timedelta(hours=1)
        ports.queue.sent.clear()
        Sweeper(database=ports.database, queue=ports.queue, events=ports.events, rules=ports.rules).sweep()
        assert ports.queue.sent == []

    def test_a_heartbeat_notices_a_pause_whose_message_was_lost(self, ports, instance, job):
        keeper = LeaseKeeper(ports.database, worker="w1", lease_seconds=0.15)
        lease = keeper.take(job)
        self.switch(instance, "pause")
        keeper.start()
        try:
            wait_for(lambda: lease.goes_back)
        finally:
            keeper.close()

    def test_a_cancelled_job_of_a_paused_community_ends(self, ports, instance, work, brush, leases, job):
        def pause(order, cancelled):
            leases.set_aside(job)
            leases.cancel(job)

        brush.act = pause
        work.paint(job)
        assert read(ports, job)[0].state is JobState.CANCELLED
