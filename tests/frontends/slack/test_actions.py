"""Buttons, modals, shortcuts and the Home tab of the Slack front end."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bots.slack.listeners.shortcuts import IMAGINE
from bots.slack.render_form import PICTURE_CHOICE
from studio.db.queries import job_of
from studio.domain.events import PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.requests import Operation, PaintRequest
from studio.ports import Ports
from tests.support.block_kit import files_of
from tests.support.loopback_slack.records import ANA, BO, BOT_USER, GENERAL, STRANGE, Message
from tests.support.slack_sim import SlackRoom, open_slack_room

FORMER_STAR_MENU = "c1s:star"  # of messages that earlier versions sent


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


async def finished(room: SlackRoom, text: str = "a red fox") -> tuple[str, Message]:
    job_id = await room.imagine(text)
    return job_id, await room.painted(job_id)


def newest_request(room: SlackRoom) -> PaintRequest:
    return job_of(room.jobs()[-1]).request


# ---- buttons


async def test_a_button_paints_from_that_tile(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, f"c1:upscale:{job_id}:2", user=BO))
    request = newest_request(room)
    assert (request.operation, request.sources[0].picture_id) == (Operation.UPSCALE, f"{job_id}.2")
    assert len(room.slack.messages) == 2


async def test_a_button_in_a_thread_is_answered_in_the_thread(room: SlackRoom) -> None:
    await room.send(room.slack.mention("a red fox", thread_ts="1700000000.000009"))
    job_id = room.newest_job()
    message = await room.painted(job_id)
    await room.send(room.slack.press(message, f"c1:reroll:{job_id}:0"))
    assert room.message.thread_ts == "1700000000.000009"


async def test_a_picture_alone_has_the_buttons_of_one_picture(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    assert f"c1:subtle:{job_id}:1" in message.buttons
    assert f"c1:more:{job_id}:1" in message.buttons
    assert "c1s:upscale" not in message.buttons


async def test_a_click_that_is_delivered_twice_is_one_job_and_one_star(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    again = room.slack.press(message, f"c1:vary:{job_id}:1")
    star = room.slack.press(message, FORMER_STAR_MENU, value=f"c1:star:{job_id}:1")
    for payload in (again, again, star, star):
        await room.send(payload)
    assert len(room.jobs()) == 2
    assert room.slack.whispered() == ["Starred; it has 1 star now."]


async def test_a_star_is_counted_on_the_message(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, FORMER_STAR_MENU, value=f"c1:star:{job_id}:1", user=BO))
    room.rest(job_id)
    await room.tell(PictureChanged(job_id=job_id, platform=Platform.SLACK, picture_id=f"{job_id}.1"))
    assert "⭐ 1" in message.words
    assert len(room.slack.called("files.getUploadURLExternal")) == 4, "each picture is uploaded once"


@pytest.mark.parametrize("action", ["c1:vary:zzz:1", "c1:fly:k3v9m2p4qx7a:1", "c1:vary:k3v9m2p4qx7a:99"])
async def test_a_forged_button_is_answered_with_a_sentence(room: SlackRoom, action: str) -> None:
    _, message = await finished(room)
    await room.send(room.slack.press(message, action))
    assert room.slack.whispered() == [":warning: This button does not belong to a picture here."]


async def test_a_button_of_a_deleted_picture_is_answered_with_a_sentence(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.slash(f"delete {job_id}.2", command="/studio")
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:2"))
    assert "was not found" in room.slack.whispered()[-1]


async def test_only_whose_job_it_is_may_cancel_it(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.send(room.slack.press(room.message, f"c1:cancel:{job_id}:0", user=BO))
    assert "Only the person who made this" in room.slack.whispered()[0]
    await room.send(room.slack.press(room.message, f"c1:cancel:{job_id}:0", user=ANA))
    assert room.jobs()[0].state == JobState.CANCELLED


# ---- modals


async def test_remix_begins_with_the_words_of_the_picture(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, f"c1:remix:{job_id}:0"))
    blocks = {block.get("block_id"): block for block in room.view["blocks"]}
    assert blocks["prompt"]["element"]["initial_value"] == "a red fox"
    answer = await room.send(
        room.slack.submission(room.view, {"prompt": "a green fox --seed 3", "picture": f"{job_id}.4"})
    )
    assert answer is None
    request = newest_request(room)
    assert (request.prompt, request.seed) == ("a green fox", 3)
    assert request.sources[0].picture_id == f"{job_id}.4"
    assert room.message.channel == GENERAL


async def test_edit_shows_the_lettered_grid_and_follows_the_choice_of_a_tile(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, f"c1:edit:{job_id}:0"))
    assert overlay(room) == f"overlay of picture {job_id} 1".encode()
    chosen: dict[str, Any] = {
        **room.slack.press(message, PICTURE_CHOICE, value=f"{job_id}.3"),
        "view": room.view,
    }
    await room.send(chosen)
    assert overlay(room) == f"overlay of picture {job_id} 3".encode()


def overlay(room: SlackRoom) -> bytes:
    file = next(block["slack_file"]["id"] for block in room.view["blocks"] if "slack_file" in block)
    data: bytes = room.slack.files[file]["data"]
    return data


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"region": [], "prompt": "a boat"}, "region", "Say which part to change"),
        ({"region": ["A1"], "prompt": ""}, "prompt", "is missing"),
        ({"region": ["A1"], "prompt": "z" * 1001}, "prompt", "not 1,001"),
        ({"region": ["A1"], "prompt": "a boat --sead 4"}, "prompt", "Did you mean --seed?"),
    ],
)
async def test_an_error_is_shown_at_its_field_and_the_modal_stays_open(
    room: SlackRoom, values: dict[str, Any], field: str, sentence: str
) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    await room.send(room.slack.press(message, f"c1:edit:{job_id}:1"))
    answer = await room.send(room.slack.submission(room.view, values))
    assert answer["response_action"] == "errors"
    assert sentence in answer["errors"][field]
    assert len(room.jobs()) == 1
    assert room.slack.whispers == []


async def test_expand_takes_sides_or_an_aspect(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    await room.send(room.slack.press(message, f"c1:expand:{job_id}:1"))
    first = room.view
    assert "one credit for each megapixel" in json.dumps(first["blocks"])
    await room.send(room.slack.submission(first, {"sides": ["left", "top"], "amount": "30"}))
    request = newest_request(room)
    assert (request.sides, request.amount_percent) == (("left", "top"), 30)
    await room.send(room.slack.press(message, f"c1:expand:{job_id}:1"))
    await room.send(room.slack.submission(room.view, {"aspect": "16:9"}))
    assert newest_request(room).aspect == "16:9"


async def test_a_mask_is_uploaded_in_the_modal(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    await room.send(room.slack.press(message, f"c1:edit:{job_id}:1"))
    mask = room.slack.share("mask.png", b"a mask")
    assert await room.send(room.slack.submission(room.view, {"prompt": "a boat", "mask": [mask]})) is None
    (source,) = newest_request(room).sources
    assert source.picture_id == f"{job_id}.1"
    assert room.ports.store.get(str(source.mask_key)) == b"a mask"


async def test_a_file_that_is_no_image_is_an_error_in_the_modal(room: SlackRoom) -> None:
    await room.send(room.slack.global_shortcut(IMAGINE))
    file = room.slack.share("notes.txt", b"words", mimetype="text/plain")
    values = {"prompt": "a red fox", "channel": GENERAL, "image": [file]}
    answer = await room.send(room.slack.submission(room.view, values))
    assert "not an image" in answer["errors"]["image"]
    assert room.jobs() == []


async def test_a_reference_is_uploaded_in_the_modal_of_imagine(room: SlackRoom) -> None:
    await room.send(room.slack.global_shortcut(IMAGINE))
    image = room.slack.share("dog.png", b"a dog")
    values = {"prompt": "a red fox", "channel": GENERAL, "image": [image]}
    assert await room.send(room.slack.submission(room.view, values)) is None
    (source,) = newest_request(room).sources
    assert room.ports.store.get(source.key) == b"a dog"


async def test_a_blend_offers_the_latest_pictures_and_takes_ids_too(room: SlackRoom) -> None:
    first, _ = await finished(room, "a red fox --count 1")
    second, _ = await finished(room, "a boat --count 1")
    third, message = await finished(room, "a lighthouse --count 1")
    await room.send(room.slack.press(message, f"c1:blend:{third}:1"))
    fields = {block.get("block_id"): block.get("element") for block in room.view["blocks"]}
    offered = [option["value"] for option in fields["latest"]["options"]]
    assert {*offered} == {f"{first}.1", f"{second}.1"}
    values = {"latest": [f"{second}.1"], "pictures": f"{first}.1"}
    assert await room.send(room.slack.submission(room.view, values)) is None
    sources = [source.picture_id for source in newest_request(room).sources]
    assert sources == [f"{third}.1", f"{second}.1", f"{first}.1"]


async def test_a_modal_that_is_sent_twice_is_one_job(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    await room.send(room.slack.press(message, f"c1:remix:{job_id}:1"))
    payload = room.slack.submission(room.view, {"prompt": "a green fox"})
    await room.send(payload)
    await room.send(payload)
    assert len(room.jobs()) == 2
    assert len(room.slack.messages) == 2


async def test_a_trigger_that_is_too_old_breaks_nothing(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    room.slack.closed_views = True
    await room.send(room.slack.press(message, f"c1:remix:{job_id}:0"))
    assert "took too long" in room.slack.whispered()[0]


async def test_damaged_metadata_is_an_error_in_the_modal(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    await room.send(room.slack.press(message, f"c1:remix:{job_id}:1"))
    view = room.view | {"private_metadata": "{"}
    answer = await room.send(room.slack.submission(view, {"prompt": "a green fox"}))
    assert "does not belong" in answer["errors"]["prompt"]


async def test_the_grid_may_be_missing_and_the_modal_still_serves(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    room.slack.refuse("files.getUploadURLExternal", "storage_limit_reached")
    await room.send(room.slack.press(message, f"c1:edit:{job_id}:1"))
    assert "cannot be shown" in json.dumps(room.view["blocks"])


def methods(room: SlackRoom, *, since: int) -> list[str]:
    return [method for _, method, _ in room.slack.calls[since:]]


@pytest.mark.parametrize("action", ["remix", "edit", "expand", "report", "blend"])
async def test_a_modal_is_opened_before_anything_is_looked_up(room: SlackRoom, action: str) -> None:
    """A trigger lasts three seconds, and who Bo is has to be asked of Slack."""
    job_id, message = await finished(room)
    before = len(room.slack.calls)
    await room.send(room.slack.press(message, f"c1:{action}:{job_id}:0", user=BO))
    asked = methods(room, since=before)
    assert asked[0] == "views.open"
    assert {"users.info", "views.update"} <= set(asked)
    assert room.view["blocks"][0]["block_id"] == "picture"


async def test_a_modal_over_somebodys_image_is_opened_before_the_image_is_fetched(room: SlackRoom) -> None:
    before = len(room.slack.calls)
    room.slack.downloads.clear()
    await room.send(room.slack.shortcut("edit_picture", strange(room)))
    assert methods(room, since=before)[0] == "views.open"
    assert len(room.slack.downloads) == 1
    assert overlay(room) == b"overlay of a dog"


async def test_a_modal_that_cannot_be_filled_says_why(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 1")
    await room.send(room.slack.press(message, f"c1:delete:{job_id}:1", user=ANA))
    await room.send(room.slack.press(message, f"c1:expand:{job_id}:0"))
    assert "deleted" in json.dumps(room.view["blocks"])
    assert "submit" not in room.view
    await room.send(
        room.slack.shortcut("edit_picture", {"ts": "1600000000.000002", "user": BO, "text": "hm"})
    )
    assert "image" in json.dumps(room.view["blocks"])


async def test_a_modal_that_was_closed_meanwhile_is_explained_in_the_chat(room: SlackRoom) -> None:
    room.slack.refuse("views.update", "not_found")
    await room.send(
        room.slack.shortcut("edit_picture", {"ts": "1600000000.000002", "user": BO, "text": "hm"})
    )
    assert len(room.slack.whispered()) == 1


# ---- shortcuts


def shown(message: Message) -> dict[str, Any]:
    return {"ts": message.ts, "user": BOT_USER, "text": message.text}


def strange(room: SlackRoom) -> dict[str, Any]:
    return {"ts": "1600000000.000001", "user": BO, "files": [room.slack.share("dog.png", b"a dog")]}


@pytest.mark.parametrize("callback_id", ["edit_picture", "expand_picture"])
async def test_a_shortcut_on_a_grid_asks_which_picture(room: SlackRoom, callback_id: str) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.shortcut(callback_id, shown(message)))
    options = next(block for block in room.view["blocks"] if block.get("block_id") == "picture")
    assert len(options["element"]["options"]) == 4
    values = {"picture": f"{job_id}.2", "prompt": "a boat", "region": ["A1"], "sides": ["left"]}
    assert await room.send(room.slack.submission(room.view, values)) is None
    assert newest_request(room).sources[0].picture_id == f"{job_id}.2"


@pytest.mark.parametrize("callback_id", ["vary_picture", "upscale_picture"])
async def test_a_shortcut_on_somebodys_image_takes_it_in(room: SlackRoom, callback_id: str) -> None:
    await room.send(room.slack.shortcut(callback_id, strange(room)))
    assert room.ports.store.get(newest_request(room).sources[0].key) == b"a dog"


async def test_an_image_in_a_message_that_was_forwarded_is_taken_in(room: SlackRoom) -> None:
    forwarding = {"ts": "1600000000.000003", "user": BO, "attachments": [{"is_share": True, **strange(room)}]}
    await room.send(room.slack.shortcut("vary_picture", forwarding))
    assert room.ports.store.get(newest_request(room).sources[0].key) == b"a dog"


async def test_edit_on_somebodys_image_shows_it_under_the_grid(room: SlackRoom) -> None:
    await room.send(room.slack.shortcut("edit_picture", strange(room)))
    assert overlay(room) == b"overlay of a dog"
    await room.send(room.slack.submission(room.view, {"region": ["C2"], "prompt": "a hat"}))
    request = newest_request(room)
    assert (request.operation, request.cells) == (Operation.EDIT, ("C2",))
    assert room.ports.store.get(request.sources[0].key) == b"a dog"


async def test_a_shortcut_on_a_message_without_an_image_says_so(room: SlackRoom) -> None:
    await room.send(
        room.slack.shortcut("vary_picture", {"ts": "1600000000.000002", "user": BO, "text": "hm"})
    )
    assert room.slack.whispered() == [":warning: There is no image on that message."]


async def test_who_made_this_names_the_makers_in_private(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    child = await room.painted(room.newest_job())
    await room.send(room.slack.shortcut("who_made_this", shown(child)))
    assert room.slack.whispered()[-1] == "Who made this?\nWhich picture?"
    await room.send(room.slack.press(child, offered(room)[1]))
    answer = room.slack.whispered()[-1]
    assert "Varied by <@U0BO>" in answer
    assert "<@U0ANA>" in answer
    assert len(files_of(room.slack.whispers[-1]["blocks"])) == 1, "the family is drawn"


def offered(room: SlackRoom) -> list[str]:
    """The buttons of the latest private answer."""
    blocks = room.slack.whispers[-1]["blocks"]
    return [
        element["value"] for block in blocks if block["type"] == "actions" for element in block["elements"]
    ]


@pytest.mark.parametrize("action", ["vary", "upscale", "star"])
async def test_a_button_of_an_earlier_message_that_meant_no_picture_asks_which(
    room: SlackRoom, action: str
) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, f"c1:{action}:{job_id}:0", user=BO))
    assert offered(room) == [f"c1:{action}:{job_id}:{index}" for index in range(1, 5)]


async def test_more_is_a_private_panel_for_one_picture(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, f"c1:more:{job_id}:0", user=BO))
    await room.send(room.slack.press(message, offered(room)[2], user=BO))
    panel = offered(room)
    assert {f"c1:{name}:{job_id}:3" for name in ("subtle", "vary", "expand", "blend", "star", "report")} <= {
        *panel
    }
    await room.send(room.slack.press(message, f"c1:send:{job_id}:3", user=BO))
    assert room.message.channel == "D0BO"
    assert len(room.message.pictures) == 4


async def test_the_shortcut_from_everywhere_paints_in_the_chosen_channel(room: SlackRoom) -> None:
    await room.send(room.slack.global_shortcut(IMAGINE))
    values = {"prompt": "a red fox", "channel": GENERAL, "count": "2", "aspect": "3:2"}
    assert await room.send(room.slack.submission(room.view, values)) is None
    request = newest_request(room)
    assert (request.count, request.aspect) == (2, "3:2")
    assert room.message.channel == GENERAL


async def test_a_modal_for_a_channel_without_the_app_answers_the_person(room: SlackRoom) -> None:
    await room.send(room.slack.global_shortcut(IMAGINE))
    await room.send(room.slack.submission(room.view, {"prompt": "a red fox", "channel": STRANGE}))
    assert room.slack.messages[0].channel == "D0ANA"


# ---- the Home tab


def opened(room: SlackRoom) -> dict[str, Any]:
    return room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home", "channel": "D0ANA"})


async def test_home_shows_ones_own_queue_and_pictures(room: SlackRoom) -> None:
    done, _ = await finished(room, "a red fox")
    waiting = await room.imagine("a blue fox")
    await room.imagine("a secret fox", user=BO)
    await room.send(opened(room))
    view = json.dumps(room.slack.homes[ANA][-1]["blocks"])
    assert f"c1:cancel:{waiting}:0" in view
    assert f"c1:show:{done}:0" in view
    assert "slack_file" in view
    assert "secret" not in view


async def test_home_is_not_empty_before_the_first_picture(room: SlackRoom) -> None:
    await room.send(opened(room))
    assert "/imagine" in json.dumps(room.slack.homes[ANA][-1])


async def test_cancelling_at_home_takes_the_job_off_the_list(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.send(room.slack.press_at_home(f"c1:cancel:{job_id}:0"))
    assert room.jobs()[0].state == JobState.CANCELLED
    assert job_id not in json.dumps(room.slack.homes[ANA][-1])


# ---- what the records say of the person


async def test_a_moderator_is_an_admin_of_the_workspace(room: SlackRoom) -> None:
    await room.imagine(user="U0MOD")
    await room.imagine(user=ANA)
    assert [job_of(row).person.moderates for row in room.jobs()] == [True, False]
