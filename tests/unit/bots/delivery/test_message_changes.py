"""Small changes and progress: shown soon, together, and never after the end."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from bots.delivery import message_publisher
from bots.delivery.errors import PlatformUnavailableError
from bots.presentation.message import Images, Note, Progress
from studio.commands.button_ids import Action
from studio.commands.registry import execute
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db.tables import JobRow
from studio.domain.deliveries import DeliveryKind, MessageRef
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import JobState
from studio.domain.people import Address
from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import end_job

front_end = chat_frontend.front_end
HERE = somewhere()
APART = replace(HERE, channel="apart", private=True)


PREVIEW = "data:image/png;base64,aGVsbG8="


def press(
    front_end: FrontEnd,
    command: str,
    place: Address = HERE,
    *,
    who: str = "bo",
    private: bool = False,
    **values: Any,
) -> str:
    """The job that comes of it."""
    call = Call(person=someone(who), address=place, request_key=new_job_id(), private=private)
    answer = execute(front_end.ports, call, command, values)
    assert isinstance(answer, Accepted)
    return answer.job_id


async def test_several_stars_become_one_edit_and_a_deletion_does_not_wait(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    versions = front_end.chat.of(job_id).versions
    for _ in range(3):
        await front_end.picture_changed(f"{job_id}.1")
    await front_end.delivery.tick()
    assert len(versions) == 1
    front_end.rest()
    await front_end.delivery.tick()
    await front_end.delivery.tick()
    assert len(versions) == 2


async def test_a_deleted_picture_leaves_at_once(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    for index in (1, 2):
        call = Call(person=someone(), address=somewhere(), request_key=f"delete {index}")
        execute(front_end.ports, call, "delete", {"what": f"{job_id}.{index}"})
    for index in (1, 2):
        await front_end.picture_changed(f"{job_id}.{index}")
    versions = front_end.chat.of(job_id).versions
    assert versions[-1].files == {}
    assert len(versions) == 2, "of several that were deleted at once the first edit shows the end"


async def test_what_waits_is_shown_before_the_process_ends(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    await front_end.picture_changed(f"{job_id}.1")
    await front_end.delivery.flush()
    assert len(front_end.chat.of(job_id).versions) == 2


async def test_what_cannot_be_shown_now_waits_and_the_others_are_shown(front_end: FrontEnd) -> None:
    jobs = [front_end.ask(prompt=f"fox {number}", count=1) for number in range(2)]
    for job_id in jobs:
        await front_end.painted(job_id)
    front_end.chat.calm = 50.0
    for job_id in jobs:
        await front_end.picture_changed(f"{job_id}.1")
    front_end.rest()
    failing = front_end.chat.of(jobs[0]).ref.message
    edit = front_end.chat.edit

    async def fail_one(ref: MessageRef, outgoing: Any) -> None:
        if ref.message == failing:
            raise PlatformUnavailableError
        await edit(ref, outgoing)

    front_end.chat.edit = fail_one  # type: ignore[method-assign]
    with pytest.raises(PlatformUnavailableError):
        await front_end.delivery.tick()
    assert [len(front_end.chat.of(job_id).versions) for job_id in jobs] == [1, 2]
    front_end.chat.edit = edit  # type: ignore[method-assign]
    await front_end.delivery.tick()
    assert [len(front_end.chat.of(job_id).versions) for job_id in jobs] == [2, 2]


async def test_progress_touches_the_message_with_a_preview(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.progressed(job_id)
    assert front_end.chat.touches == [], "its message is not there yet"
    await front_end.accepted(job_id)
    await front_end.progressed(job_id, 3, PREVIEW)
    (touch,) = front_end.chat.touches
    assert [part.step for part in touch.message.parts if isinstance(part, Progress)] == [3]
    assert touch.files["preview"].data == b"hello"
    front_end.chat.calm = 50.0
    await front_end.progressed(job_id, 4)
    assert len(front_end.chat.touches) == 1, "it was touched a moment ago"


async def test_a_preview_that_is_no_picture_is_left_out(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    await front_end.progressed(job_id, 3, "data:text/html;base64,aGVsbG8=")
    (touch,) = front_end.chat.touches
    assert touch.files == {}
    assert not [part for part in touch.message.parts if isinstance(part, Images | Note)]


async def test_progress_of_another_process_s_communities_is_left_to_it(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    front_end.chat.served = False
    await front_end.progressed(job_id)
    assert front_end.chat.touches == []


async def test_progress_that_comes_after_the_end_does_not_hide_it(front_end: FrontEnd) -> None:
    job_id = front_end.ask()
    await front_end.accepted(job_id)
    other = FrontEnd(front_end.ports, front_end.chat, front_end.pools)
    await other.painted(job_id)
    await front_end.progressed(job_id)
    shown = front_end.chat.of(job_id)
    assert len(front_end.chat.touches) == 1
    assert shown.now.final, "the end was shown again"
    assert len(shown.versions) == 3


async def test_a_place_in_the_queue_is_shown_when_it_changed(front_end: FrontEnd) -> None:
    first, second = (front_end.ask(prompt=f"fox {number}") for number in range(2))
    for job_id in (first, second):
        await front_end.accepted(job_id)
    await front_end.delivery.tick()
    assert len(front_end.chat.of(second).versions) == 1
    end_job(front_end.ports, first, JobState.CANCELLED)
    await front_end.delivery.tick()
    assert len(front_end.chat.of(second).versions) == 1, "it was shown a moment ago"
    front_end.rest()
    await front_end.delivery.tick()
    await front_end.delivery.tick()
    assert len(front_end.chat.of(second).versions) == 2


async def test_a_button_that_somebody_pressed_below_a_picture_is_marked_once(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=4)
    await front_end.painted(job_id)
    asked = [
        ("vary", {"picture": f"{job_id}.2"}),
        ("vary", {"picture": f"{job_id}.2"}),
        ("upscale", {"picture": f"{job_id}.1"}),
    ]
    pressed = [press(front_end, command, **values) for command, values in asked]
    for made in pressed:
        await front_end.accepted(made)
    front_end.rest()
    await front_end.delivery.tick()
    versions = front_end.chat.of(job_id).versions
    marked = [(button.action, button.index) for button in versions[-1].message.buttons if button.pressed]
    assert marked == [(Action.UPSCALE, 1), (Action.VARY, 2)]
    assert len(versions) == 2, "several presses in a row become one edit"
    front_end.rest()
    await front_end.accepted(pressed[0])
    front_end.restart()
    await front_end.accepted(press(front_end, "vary", picture=f"{job_id}.2"))
    assert len(versions) == 2, "also after a restart, and in another process"


@pytest.mark.parametrize("state", [JobState.HELD, JobState.REFUSED, JobState.CANCELLED, JobState.FAILED])
async def test_what_nothing_comes_of_is_not_marked(front_end: FrontEnd, state: JobState) -> None:
    job_id = front_end.ask(prompt="a red fox", count=4)
    await front_end.painted(job_id)
    made = press(front_end, "vary", picture=f"{job_id}.2")
    with front_end.ports.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == made).values(state=state))
    front_end.rest()
    await front_end.accepted(made)
    assert len(front_end.chat.of(job_id).versions) == 1
    await front_end.accepted(press(front_end, "vary", picture=f"{job_id}.2"))
    assert len(front_end.chat.of(job_id).versions) == 2


@pytest.mark.parametrize(
    ("origin", "place", "private", "versions"),
    [
        (HERE, HERE, True, 1),
        (HERE, APART, False, 1),
        (APART, APART, False, 2),
    ],
)
async def test_a_button_that_was_pressed_privately_is_marked_where_that_is_known(
    front_end: FrontEnd, origin: Address, place: Address, private: bool, versions: int
) -> None:
    job_id = press(front_end, "imagine", origin, prompt="a red fox", count=4)
    await front_end.painted(job_id)
    made = press(front_end, "vary", place, who="ana", private=private, picture=f"{job_id}.2")
    front_end.rest()
    await front_end.accepted(made)
    assert len(front_end.chat.of(job_id).versions) == versions


async def test_a_mark_that_cannot_be_shown_does_not_bring_the_event_again(front_end: FrontEnd) -> None:
    job_id = front_end.ask(prompt="a red fox", count=4)
    await front_end.painted(job_id)

    async def fail(_ref: MessageRef, _outgoing: Any) -> None:
        raise PlatformUnavailableError

    front_end.chat.edit = fail  # type: ignore[method-assign]
    made = press(front_end, "vary", picture=f"{job_id}.2")
    front_end.rest()
    await front_end.accepted(made)
    assert front_end.chat.of(made).versions
    await front_end.delivery.tick()
    assert len(front_end.chat.of(job_id).versions) == 1


async def test_ended_jobs_are_forgotten_but_not_a_change_that_waits(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_publisher, "_REMEMBERED_ENDS", 1)
    first, *others = [front_end.ask(prompt=f"a fox, {name}", count=1) for name in ("red", "blue", "green")]
    await front_end.painted(first)
    front_end.chat.calm = 50.0
    await front_end.picture_changed(f"{first}.1")  # which waits for its time
    waiting = front_end.ask(prompt="a fox, grey", count=1)
    await front_end.accepted(waiting)
    for job_id in others:
        await front_end.painted(job_id)
    remembered = [job_id for job_id, _ in front_end.delivery.publisher.messages(DeliveryKind.JOB)]
    assert sorted(remembered) == sorted([first, waiting, others[-1]])
    front_end.rest()
    await front_end.delivery.tick()
    assert len(front_end.chat.of(first).versions) == 2
    await front_end.picture_changed(f"{others[0]}.1")  # of one that was forgotten
    assert front_end.chat.sent == 4
    assert len(front_end.chat.of(others[0]).versions) == 2
