"""A contest with three people, from its opening to the winner, on the real slack_bolt."""

import re

import pytest

from studio.db.tables import DeliveryRow, GatheringRow
from studio.domain.deliveries import DeliveryKind
from studio.gatherings import periodic_tasks
from studio.ports import Ports
from tests.support.gatherings import Clock, moved_clock
from tests.support.loopback_slack.records import ANA, BO, MOD
from tests.support.slack_sim import SlackRoom, open_slack_room


async def act_on_slack(room: SlackRoom) -> None:
    events, room.ports.events.published[:] = list(room.ports.events.published), []  # type: ignore[attr-defined]
    for event in events:
        await room.tell(event)
    await room.app.delivery.flush()


async def time_passes(room: SlackRoom, clock: Clock) -> None:
    clock.pass_by(minutes=61)
    periodic_tasks.sweep(room.ports.database, room.ports.events)
    await act_on_slack(room)


def message_of_contest(room: SlackRoom) -> str:
    with room.ports.database.read() as session:
        row = session.query(DeliveryRow).where(DeliveryRow.kind == DeliveryKind.GATHERING).one()
    return str(next(message for message in room.slack.messages if message.ts == row.message))


def button(text: str, verb: str, part: int = 0) -> str:
    found = re.search(rf"c1:gather\w*:\w+:0:{verb}:\d+:{part}\b", text)
    assert found, text
    return found[0]


async def test_a_contest_on_slack(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = moved_clock(monkeypatch)
    async with open_slack_room(ports) as room:
        await room.slash('contest "Autumn light" --closes 1h --voting 1h --prize 3', command="/studio")
        await act_on_slack(room)
        message = room.message
        assert "Autumn light" in str(message)
        assert '"Autumn' not in str(message)
        painted = {user: (await room.finished("a red fox", user=user))[0] for user in (ANA, BO)}
        await room.slash(f"enter {painted[ANA]}.1", command="/studio")
        assert "Your picture is in" in str(room.slack.whispered()[-1])
        enter = button(message_of_contest(room), "enter")
        await room.send(room.slack.press(message, enter, user=BO))
        assert f"{painted[BO]}.2" in str(room.view)
        await room.send(room.slack.submission(room.view, {"option": f"{painted[BO]}.2"}, user=BO))
        assert "Your picture is in" in str(room.slack.whispered()[-1])
        await time_passes(room, clock)
        text = message_of_contest(room)
        assert "2 entries" in text
        await room.send(room.slack.press(message, button(text, "ballot"), user=MOD))
        ballot = str(room.slack.whispers[-1])
        assert "Entry 1 of these" in ballot
        assert not {"Ana", "Bo", ANA, BO} & set(re.findall(r"\w+", ballot))
        await room.send(room.slack.press(message, button(ballot, "vote", 2), user=MOD))
        assert "You approve of number 2 on page 1" in str(room.slack.whispered()[-1])
        await time_passes(room, clock)
        assert "Winner: @Bo" in message_of_contest(room)
        with ports.database.read() as session:
            assert session.query(GatheringRow).one().state == "closed"
        await room.slash("hall", command="/studio")
        hall = str(room.slack.whispers[-1])
        assert "Hall of winners" in hall
        assert f"Autumn light: <@{BO}>" in hall
