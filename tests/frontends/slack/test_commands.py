"""What people type on Slack, and the message that comes of it."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from bots.delivery.deliveries import Claim, take_claim
from bots.delivery.errors import DeliveryInProgressError
from bots.slack.api.client import SlackUnavailableError
from bots.slack.db_tables import SlackFileRow
from bots.slack.texts.command_parsing import as_typed
from studio.clock import now
from studio.commands.registry import CATALOG
from studio.db.queries import job_of
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.requests import Operation
from studio.errors import DatabaseUnavailableError
from studio.ports import Ports
from tests.support.loopback_slack.records import (
    ANA,
    BO,
    BOT_TOKEN,
    GENERAL,
    MOD,
    PRIVATE,
    STRANGE,
    STRANGE_DM,
    said,
)
from tests.support.slack_sim import SlackRoom, open_slack_room


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


# ---- /imagine


async def test_imagine_leaves_one_message_that_says_where_the_job_stands(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox --seed 7")
    assert len(room.slack.messages) == 1
    assert "a red fox" in room.message.words
    assert "Next in line" in room.message.words
    assert room.message.buttons == [f"c1:cancel:{job_id}:0"]
    job = job_of(room.jobs()[0])
    assert (job.request.seed, job.person.user_id, job.person.display_name) == (7, ANA, "Ana")
    assert (job.person.community, job.address.channel) == ("T0TEAM", GENERAL)


async def test_the_message_becomes_the_picture(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox")
    message = await room.painted(job_id)
    assert len(room.slack.messages) == 1
    assert message.picture is not None
    shown = [room.slack.files[file_id]["data"] for file_id in message.pictures]
    assert shown == [f"picture {job_id} {index}".encode() for index in range(1, 5)]
    assert "@Ana" in message.words
    assert f"c1:vary:{job_id}:3" in message.options
    images = [card["hero_image"] for card in message.blocks[0]["elements"]]
    assert images[1]["alt_text"] == "Picture 2 of 4: a red fox"


async def test_a_workspace_that_refuses_a_carousel_gets_single_pictures_from_then_on(
    room: SlackRoom,
) -> None:
    job_id = await room.imagine("a red fox")
    room.slack.refuse("chat.update", "invalid_blocks")
    for message in (await room.painted(job_id), await room.painted(await room.imagine("a boat"))):
        images = [block["alt_text"] for block in message.blocks if block["type"] == "image"]
        assert images[0].startswith("Picture 1 of 4:")
        assert len(images) == 4
    assert len(room.slack.called("chat.update")) == 3


async def test_pictures_that_are_not_processed_yet_are_no_word_against_the_carousel(
    room: SlackRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.slack.messages.message_sender._NOT_READY_SECONDS", 0)
    job_id = await room.imagine("a red fox")
    room.slack.refuse("chat.update", "invalid_blocks", times=2)
    message = await room.painted(job_id)
    assert message.blocks[0]["type"] == "carousel"


async def test_a_picture_of_several_megabytes_arrives_whole(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox --count 1")
    message = await room.painted(job_id, png=b"ink" * 1_000_000)
    file = room.slack.files[str(message.picture)]
    assert (len(file["data"]), file["uploaded_as"]) == (3_000_000, "image/png"), (
        "Slack need not guess its type"
    )


async def test_progress_moves_a_bar_and_not_too_often(room: SlackRoom, still: Callable[[str], None]) -> None:
    still("bots.delivery.message_publisher")
    job_id = await room.imagine("a red fox")
    await room.progress(job_id, 1)
    room.rest(job_id)
    await room.progress(job_id, 4)
    await room.progress(job_id, 5)
    assert "Step 4 of 8" in room.message.words
    assert len(room.slack.called("chat.update")) == 1


async def test_a_prompt_and_a_name_are_text_and_never_markup(room: SlackRoom) -> None:
    await room.slash("a <!channel> &amp; <@U0BO> *fox* <https://evil.example|click>")
    job_id = room.newest_job()
    await room.painted(job_id)
    for message in room.slack.messages:
        for shown in [message.text, *message.says()]:
            assert "<!" not in shown
            assert "<@" not in shown
            assert "<http" not in shown
    assert job_of(room.jobs()[0]).request.prompt == "a @channel & @U0BO *fox* click"


async def test_an_answer_in_a_private_channel_stays_there(room: SlackRoom) -> None:
    await room.imagine(channel=PRIVATE)
    assert room.message.channel == PRIVATE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The prompt is missing"),
        ("a fox --aspekt 3:2", "Did you mean --aspect?"),
        ("x" * 1200, "not 1,200"),
    ],
)
async def test_what_cannot_be_followed_is_one_private_sentence(
    room: SlackRoom, text: str, sentence: str
) -> None:
    await room.slash(text)
    assert room.slack.messages == []
    assert len(room.slack.whispers) == 1
    assert room.slack.whispers[0]["response_type"] == "ephemeral"
    assert sentence in room.slack.whispered()[0]


async def test_while_the_records_are_away_a_sentence_says_so(
    room: SlackRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr("studio.db.database.Database.read", away)
    await room.slash("a fox")
    assert "The database is not available" in room.slack.whispered()[0].replace("'", "’")


async def test_where_the_app_is_no_member_the_answer_goes_to_the_person_and_says_how_to_invite_it(
    room: SlackRoom,
) -> None:
    job_id = await room.imagine(channel=STRANGE)
    assert room.message.channel == "D0ANA"
    assert "/invite" in room.slack.whispered()[0]
    await room.painted(job_id)
    assert len(room.slack.messages) == 1
    assert room.message.picture is not None


async def test_between_two_people_the_answer_goes_to_the_asker(room: SlackRoom) -> None:
    await room.imagine(channel=STRANGE_DM)
    assert room.message.channel == "D0ANA"
    assert "not in this conversation" in room.slack.whispered()[0]


# ---- /studio


async def test_an_unknown_command_is_answered_with_the_nearest(room: SlackRoom) -> None:
    await room.slash("vairy k3v9m2p4qx7a.2", command="/studio")
    assert "Did you mean `/studio vary`?" in room.slack.whispered()[0]


@pytest.mark.parametrize("text", ["", "help"])
async def test_help_lists_every_command_of_the_catalogue(room: SlackRoom, text: str) -> None:
    await room.slash(text, command="/studio", user=MOD)
    for spec in CATALOG.values():
        assert f"`{as_typed(spec.name)}`" in said(room.slack.whispers[0]["blocks"])
    assert "`@Chatelier imagine a red fox`" in said(room.slack.whispers[0]["blocks"])
    await room.slash(text, command="/studio")
    assert "/studio ban" not in said(room.slack.whispers[1]["blocks"])


async def test_help_with_one_command_tells_of_its_options(room: SlackRoom) -> None:
    await room.slash("help /vary", command="/studio")
    await room.send(room.slack.mention("help community"))
    vary, community = (said(whisper["blocks"]) for whisper in room.slack.whispers)
    for parameter in CATALOG["vary"].parameters:
        assert parameter.summary in vary
    assert "`/studio community" in community
    await room.slash("help vairy", command="/studio")
    assert "Did you mean `/studio vary`?" in said(room.slack.whispers[-1]["blocks"])
    await room.send(room.slack.mention("help for a drowning fox"))
    assert job_of(room.jobs()[-1]).request.prompt == "help for a drowning fox"


async def test_show_brings_the_picture_to_one_person(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.slash(f"show {job_id}", command="/studio", user=BO)
    shown = room.slack.whispers[-1]
    assert any("slack_file" in block for block in shown["blocks"])
    assert len(room.slack.messages) == 1


async def test_where_slack_takes_no_files_the_private_answer_comes_without_them(room: SlackRoom) -> None:
    job_id = await room.imagine("a red fox --count 1")
    await room.painted(job_id)
    with room.ports.database.begin() as session:
        session.query(SlackFileRow).delete()
    room.slack.refuse("files.getUploadURLExternal", "storage_limit_reached")
    await room.slash(f"show {job_id}", command="/studio", user=BO)
    assert "cannot show the picture" in room.slack.whispered()[-1]
    assert job_id in room.slack.whispered()[-1]


async def test_a_job_of_another_workspace_is_not_here(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.send({**room.slack.command("/studio", f"reroll {job_id}"), "team_id": "T0OTHER"})
    assert "was not found" in room.slack.whispered()[-1]
    assert len(room.jobs()) == 1


async def test_cancel_ends_the_job_and_its_message_says_so(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.slash(f"cancel {job_id}", command="/studio")
    assert room.jobs()[0].state == JobState.CANCELLED


async def test_somebody_elses_job_is_not_cancelled_but_a_moderator_may(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.slash(f"cancel {job_id}", command="/studio", user=BO)
    assert "Only the person who made this" in room.slack.whispered()[-1]
    await room.slash(f"cancel {job_id}", command="/studio", user="U0MOD")
    assert room.jobs()[0].state == JobState.CANCELLED


# ---- mentions and direct messages


async def test_a_mention_in_a_thread_is_answered_in_the_thread(room: SlackRoom) -> None:
    await room.send(room.slack.mention("imagine a red fox", thread_ts="1700000000.000001"))
    assert room.message.thread_ts == "1700000000.000001"
    assert job_of(room.jobs()[0]).request.prompt == "a red fox"


async def test_a_mention_without_a_command_is_a_prompt(room: SlackRoom) -> None:
    await room.send(room.slack.mention("a red fox in the snow"))
    assert job_of(room.jobs()[0]).request.prompt == "a red fox in the snow"


async def test_a_direct_message_is_painted_where_it_was_said(room: SlackRoom) -> None:
    await room.send(room.slack.direct("a red fox"))
    assert room.message.channel == "D0ANA"


async def test_the_apps_own_messages_are_not_followed(room: SlackRoom) -> None:
    await room.send(room.slack.direct("a red fox", bot_id="B0OTHER"))
    await room.send(room.slack.direct("a red fox", subtype="message_changed"))
    assert room.jobs() == []


async def test_an_image_beside_a_mention_is_painted_from(room: SlackRoom) -> None:
    file = room.slack.share("cat.png", b"a picture of a cat")
    await room.send(room.slack.mention("vary", files=[file]))
    job = job_of(room.jobs()[0])
    assert job.request.operation is Operation.VARY
    assert room.ports.store.get(job.request.sources[0].key) == b"a picture of a cat"
    assert room.slack.downloads == [("/files-pri/cat.png", "Bearer xoxb-loopback-token")]


async def test_images_beside_a_blend_are_blended_with_the_picture_that_is_named(room: SlackRoom) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    files = [room.slack.share(f"{name}.png", name.encode()) for name in ("cat", "dog")]
    await room.send(room.slack.mention(f"blend {job_id}.1 in a basket", files=files))
    request = job_of(room.jobs()[-1]).request
    assert (request.operation, request.prompt) == (Operation.BLEND, "in a basket")
    assert [source.picture_id for source in request.sources] == [f"{job_id}.1", None, None]
    assert [room.ports.store.get(source.key) for source in request.sources[1:]] == [b"cat", b"dog"]


async def test_an_image_without_words_is_answered_with_what_one_may_say(room: SlackRoom) -> None:
    await room.send(room.slack.direct("", subtype="file_share", files=[room.slack.share("cat.png", b"cat")]))
    assert "Say what to do with the image" in room.message.words
    assert room.jobs() == []
    assert room.slack.downloads == []


@pytest.mark.parametrize(
    ("text", "operation", "picture"),
    [
        ("vary --strength subtle", Operation.VARY, 1),
        ("expand --sides left", Operation.EXPAND, 1),
        ("vary {job}.3", Operation.VARY, 3),
    ],
)
async def test_in_the_thread_under_a_job_its_picture_is_meant(
    room: SlackRoom, text: str, operation: Operation, picture: int
) -> None:
    job_id = await room.imagine()
    message = await room.painted(job_id)
    await room.send(room.slack.mention(text.format(job=job_id), thread_ts=message.ts))
    request = job_of(room.jobs()[-1]).request
    assert (request.operation, request.sources[0].picture_id) == (operation, f"{job_id}.{picture}")
    assert room.message.thread_ts == message.ts


async def test_in_the_thread_under_a_job_reroll_means_that_job(room: SlackRoom) -> None:
    message = await room.painted(await room.imagine("a red fox"))
    await room.send(room.slack.mention("reroll", thread_ts=message.ts))
    assert job_of(room.jobs()[-1]).request.prompt == "a red fox"
    assert len(room.jobs()) == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url_private_download": "https://evil.example/cat.png"}, "does not come from Slack"),
        ({"mimetype": "image/png", "size": 10**9}, "larger than"),
        ({"mode": "tombstone"}, "not here any more"),
        ({"url_private_download": "gone"}, "not here any more"),
    ],
)
async def test_a_file_that_cannot_be_used_is_one_sentence(
    room: SlackRoom, change: dict[str, object], sentence: str
) -> None:
    file = room.slack.share("cat.png", b"a picture") | change
    if change.get("url_private_download") == "gone":
        file["url_private_download"] = f"{room.slack.url}/files-pri/other.png"
    await room.send(room.slack.mention("vary", files=[file]))
    assert sentence in room.slack.whispered()[0]
    assert room.jobs() == []


async def test_what_is_no_picture_is_said(room: SlackRoom) -> None:
    file = room.slack.share("cat.png", b"bad bytes")
    await room.send(room.slack.mention("upscale", files=[file]))
    assert "This image cannot be used" in room.slack.whispered()[0]


async def test_a_file_of_which_only_the_id_is_told_is_looked_up(room: SlackRoom) -> None:
    file = room.slack.share("cat.png", b"a picture")
    room.slack.files[file["id"]] = file
    await room.send(room.slack.mention("vary", files=[{"id": file["id"], "file_access": "check_file_info"}]))
    assert len(room.jobs()) == 1


# ---- once


async def test_a_command_that_slack_repeats_is_one_job_and_one_message(room: SlackRoom) -> None:
    payload = room.slack.command("/imagine", "a red fox")
    await room.send(payload)
    await room.send(payload)
    assert len(room.jobs()) == 1
    assert len(room.slack.messages) == 1


async def test_one_message_told_of_in_two_events_is_one_job(room: SlackRoom) -> None:
    mention = room.slack.mention("a red fox")
    again = room.slack.event({**mention["event"], "type": "message", "channel_type": "im"})
    await room.send(mention)
    await room.send(again)
    assert len(room.jobs()) == 1


async def test_a_repeated_complaint_is_made_once(room: SlackRoom) -> None:
    payload = room.slack.command("/imagine", "")
    await room.send(payload)
    await room.send(payload)
    assert len(room.slack.whispers) == 1


async def test_of_two_processes_at_once_one_sends_the_message(room: SlackRoom) -> None:
    await room.imagine()
    job_id = room.newest_job()
    database = room.ports.database
    with database.begin() as session:
        session.execute(delete(DeliveryRow))
    a_minute = timedelta(minutes=1)
    subject = Subject(DeliveryKind.JOB, job_id, Platform.SLACK)
    assert take_claim(database, subject, GENERAL, lasts=a_minute) is Claim.OURS
    assert take_claim(database, subject, GENERAL, lasts=a_minute) is Claim.THEIRS
    room.app.delivery.publisher._messages.clear()
    with pytest.raises(DeliveryInProgressError):
        await room.app.delivery.publisher.show(DeliveryKind.JOB, job_id)
    assert len(room.slack.messages) == 1
    with database.begin() as session:  # whoever claimed it was killed before it sent anything
        session.execute(update(DeliveryRow).values(claimed_until=now() - a_minute))
    room.slack.messages.clear()
    await room.app.delivery.publisher.show(DeliveryKind.JOB, job_id)
    assert len(room.slack.messages) == 1


async def test_a_message_that_a_killed_process_sent_is_found_again(room: SlackRoom) -> None:
    job_id = await room.imagine()
    with room.ports.database.begin() as session:  # as it was between sending and writing down
        session.execute(update(DeliveryRow).values(message="", claimed_until=now() - timedelta(minutes=1)))
    room.app.delivery.publisher._messages.clear()
    message = await room.painted(job_id)
    assert len(room.slack.messages) == 1
    assert message.picture is not None


async def test_where_the_app_may_not_look_a_new_message_comes(room: SlackRoom) -> None:
    job_id = await room.imagine()
    with room.ports.database.begin() as session:
        session.execute(update(DeliveryRow).values(message="", claimed_until=now() - timedelta(minutes=1)))
    room.app.delivery.publisher._messages.clear()
    room.slack.refuse("conversations.history", "missing_scope")
    await room.painted(job_id)
    assert len(room.slack.messages) == 2


async def test_with_a_revoked_token_an_answer_waits_for_the_next(room: SlackRoom) -> None:
    job_id = await room.imagine()
    room.slack.tokens.clear()
    with pytest.raises(SlackUnavailableError):
        await room.painted(job_id)
    room.slack.tokens.add(BOT_TOKEN)
    await room.app.delivery.publisher.show(DeliveryKind.JOB, job_id)
    assert room.message.picture is not None


async def test_two_processes_leave_one_message(room: SlackRoom) -> None:
    async with open_slack_room(room.ports) as other:
        payload = room.slack.command("/imagine", "a red fox")
        await room.send(payload)
        await other.send(payload)
        assert len(room.slack.messages) + len(other.slack.messages) == 1


async def test_in_the_thread_under_a_job_words_remix_its_picture(room: SlackRoom) -> None:
    job_id, message = await room.finished("a red fox --count 2")
    await room.send(room.slack.mention("a blue fox", thread_ts=message.ts))
    assert room.jobs()[-1].command == "remix"
    assert room.jobs()[-1].request["prompt"] == "a blue fox"
    assert room.jobs()[-1].request["sources"][0]["picture_id"] == f"{job_id}.1"
    for text in ("imagine a green fox", "a green fox --ar 3:2"):
        await room.send(room.slack.mention(text, thread_ts=message.ts))
        assert (room.jobs()[-1].command, room.jobs()[-1].request["prompt"]) == ("imagine", "a green fox")
