"""A job's life in the worker: painted once, with its recipe, credits and progress."""

import threading
from dataclasses import replace
from functools import partial

from PIL import Image
from sqlalchemy import event

from bots.texts.coded.sentences import say_stored
from engine.imaging.codecs.encoding import encode_png
from engine.imaging.codecs.recipe_metadata import read_recipe
from studio.clock import now
from studio.commands.registry import execute
from studio.db import job_transitions
from studio.db.cases import find_notice
from studio.db.tables import JobRow
from studio.domain.cases import NoticeKind
from studio.domain.events import NoticeWritten
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from tests.support import job_runner
from tests.support.fakes import someone
from tests.support.job_runner import ends, entries, read

brush = job_runner.brush
leases = job_runner.leases
work = job_runner.work
job = job_runner.job


def test_a_job_ends_with_pictures_recipes_credits_and_word(ports, work, job):
    work.run(job)
    ended, pictures = read(ports, job)
    assert ended.state is JobState.DONE
    assert [picture.recipe.seed for picture in pictures] == [7, 8, 9, 10]
    assert read_recipe(ports.store.get(pictures[0].key)).prompt == "a red apple"
    assert ports.store.get(pictures[0].thumbnail_key)
    assert entries(ports, job) == {"reserve": -4, "capture": 0}
    assert ends(ports, job) == [JobState.DONE]


def test_pictures_are_written_last_because_others_wait_from_then_on(ports, work, job):
    """Triggers count the pictures of a community in one row, which stays locked until the commit."""
    statements = []
    note = partial(_note_statement, statements)
    event.listen(ports.database.engine, "before_cursor_execute", note)
    event.listen(ports.database.engine, "commit", lambda _connection: statements.append("COMMIT"))
    work.run(job)
    event.remove(ports.database.engine, "before_cursor_execute", note)
    pictures = next(at for at, text in enumerate(statements) if text.startswith("INSERT INTO pictures"))
    assert statements[pictures + 1] == "COMMIT"


def test_the_pictures_of_a_job_that_has_none_are_not_looked_for(ports, work, job):
    statements = []
    note = partial(_note_statement, statements)
    event.listen(ports.database.engine, "before_cursor_execute", note)
    work.run(job)
    event.remove(ports.database.engine, "before_cursor_execute", note)
    assert read(ports, job)[0].state is JobState.DONE
    assert not [
        text for text in statements if text.startswith(("SELECT pictures.position", "SELECT count(*)"))
    ]


def _note_statement(statements, _connection, _cursor, text, *_rest):
    statements.append(text)


def test_the_owner_of_a_picture_hears_at_once_that_somebody_built_on_it(ports, work, call, job):
    execute(ports, call, "settings", {"built_on": "now"})
    work.run(job)
    bo = replace(call, person=someone("bo"), request_key="bo")
    built = execute(ports, bo, "vary", {"picture": f"{job}.2"}).job_id
    work.run(built)
    [event] = [event for event in ports.events.published if isinstance(event, NoticeWritten)]
    with ports.database.read() as session:
        notice = find_notice(session, event.notice_id)
    assert (notice.person.key, notice.kind, notice.job_id) == (call.person.key, NoticeKind.BUILT_ON, built)
    assert say_stored(notice.text).startswith(f"@Bo varied your picture “a red apple” ({job}.2).")


def test_a_job_knows_what_it_started_from_and_how_long_it_took(ports, work, call, job):
    work.run(job)
    built = execute(ports, replace(call, request_key="v"), "upscale", {"picture": f"{job}.2"}).job_id
    assert read(ports, built)[0].duration is None
    work.run(built)
    first, second = read(ports, job)[0], read(ports, built)[0]
    assert (first.origin_job_id, second.origin_job_id) == (None, job)
    assert second.duration == second.ended_at - second.created_at


def test_what_a_moderator_let_through_hidden_is_not_previewed(ports, work, job):
    with ports.database.begin() as session:
        session.get_one(JobRow, job).spoiler = True
    work.run(job)
    assert [progress.preview for progress in ports.events.announced] == [None] * len(ports.events.announced)
    assert ports.events.announced


def test_progress_reaches_the_frontends_with_a_small_preview(ports, work, job):
    work.run(job)
    first, last = ports.events.announced
    assert (first.step, first.steps, last.step) == (1, 2, 2)
    assert first.preview.startswith("data:image/")
    assert len(first.preview) < 8192


def test_a_redelivered_job_is_painted_once(ports, work, brush, job):
    work.run(job)
    work.run(job)
    assert len(brush.orders) == 1
    assert ends(ports, job) == [JobState.DONE]


def test_a_job_in_other_hands_is_left_alone(ports, work, brush, job):
    with ports.database.begin() as session:
        job_transitions.take_lease(session, job, worker="other", at=now(), lease_seconds=30)
    work.run(job)
    assert brush.orders == []


def test_the_same_job_is_not_painted_twice_at_once_by_one_worker(ports, work, brush, job):
    inside, go_on = threading.Event(), threading.Event()

    def wait(order, cancelled):
        inside.set()
        go_on.wait()

    brush.act = wait
    first = threading.Thread(target=work.run, args=[job])
    first.start()
    inside.wait()
    work.run(job)
    go_on.set()
    first.join()
    assert len(brush.orders) == 1


def test_sources_and_masks_reach_the_generator(ports, work, brush, call):
    picture = ports.store.put(encode_png(Image.new("RGB", (64, 32), "blue")), suffix=".png")
    mask = ports.store.put(encode_png(Image.new("L", (64, 32), 255)), suffix=".png")
    values = {"image": Source(key=picture, mask_key=mask), "prompt": "a boat"}
    work.run(execute(ports, call, "edit", values).job_id)
    order = brush.orders[0]
    assert (order.sources[0].size, order.mask.size, order.mask.mode) == ((64, 32), (64, 32), "L")


def test_cells_become_a_mask(ports, work, brush, call):
    picture = ports.store.put(encode_png(Image.new("RGB", (64, 64), "blue")), suffix=".png")
    values = {"image": Source(key=picture), "prompt": "a boat", "region": "A1"}
    work.run(execute(ports, call, "edit", values).job_id)
    mask = brush.orders[0].mask
    assert (mask.getpixel((2, 2)), mask.getpixel((40, 40))) == (255, 0)
