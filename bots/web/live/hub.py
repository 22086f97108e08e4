"""The room: who is in it, and how everybody comes to see what changed.

The database is the truth. An event only says that a job changed; its card is then rendered from the rows
and sent to everybody, under the job's id. A repeated or late event therefore changes nothing, and whoever
connects anew gets the wall as it is.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts.chat import waiting
from bots.web.access.sessions import WebUser
from bots.web.live.connection import Connection
from bots.web.queries.inbox import count_messages
from bots.web.queries.job_cards import Card, children_of, load_cards, load_jobs
from bots.web.rendering import render_card, render_people
from bots.web.texts import texts
from studio.db.queue_estimates import Outlook, outlooks
from studio.domain.events import JobProgress
from studio.domain.jobs import OUTSTANDING, WAITING, JobState
from studio.ports import Ports
from studio.runtime.bounded_dict import BoundedDict

GATHER_SECONDS = 0.04  # changes within this time travel in one message
LOOK_AGAIN_SECONDS = 10.0  # how often unfinished jobs are looked up, whatever the events say
POSITIONS_SECONDS = 1.0
MOST_CARDS = 40
MOST_REMEMBERED = 200


class LiveHub:
    """Lives on the event loop; only `_load` runs in threads."""

    def __init__(self, ports: Ports, pools: ThreadPools) -> None:
        self._ports = ports
        self._pools = pools
        self._connections: set[Connection] = set()
        self._changed: dict[str, None] = {}
        self._parents: set[str] = set()
        self._post: dict[str, str] = {}  # who has news of their own, and what to say at once
        self._progress: dict[str, JobProgress] = {}
        self._stepped: set[str] = set()
        self._unfinished: dict[str, JobState] = {}
        self._told: BoundedDict[str, str] = BoundedDict(MOST_REMEMBERED)
        self.tellings = 0  # how often cards were told; for whoever reads the wall meanwhile
        self._people_changed = False
        self._positions_due = False
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()

    # ---- who is here

    def enter(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._people_moved()

    def leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._people_moved()

    def renamed(self, user: WebUser) -> None:
        for connection in self._connections:
            if connection.user.user_id == user.user_id:
                connection.user = user
        self._people_moved()

    def people(self) -> list[tuple[str, str]]:
        """User ids and names, each person once, by name."""
        present = {connection.user.user_id: connection.user.name for connection in self._connections}
        return sorted(present.items(), key=lambda each: each[1].casefold())

    def _people_moved(self) -> None:
        self._people_changed = True
        self._wake.set()

    # ---- what happened

    def job_changed(self, job_id: str) -> None:
        self._changed[job_id] = None
        self._wake.set()

    def job_ended(self, job_id: str) -> None:
        """Somebody waits for its pictures: they are told at once."""
        self.job_changed(job_id)
        self._hurry.set()

    def picture_changed(self, picture_id: str) -> None:
        """What was made from it names it, and no longer may when it was deleted."""
        self._parents.add(picture_id)
        self._wake.set()

    def job_noticed(self, job_id: str) -> None:
        """An unfinished job that somebody sees: look it up again now and then, whatever the events say."""
        self._unfinished.setdefault(job_id, JobState.ACCEPTED)

    def tell_again(self, job_ids: Iterable[str]) -> None:
        """Somebody may have missed the latest, of these or of what was told last: send it once more."""
        for job_id in [*job_ids, *list(self._told)[-MOST_CARDS:]]:
            self._told.pop(job_id, None)
            self.job_changed(job_id)

    def progressed(self, progress: JobProgress) -> None:
        earlier = self._progress.get(progress.job_id)
        if progress.preview is None and earlier is not None:
            progress = replace(progress, preview=earlier.preview)
        self._progress[progress.job_id] = progress
        self._stepped.add(progress.job_id)
        if self._unfinished.get(progress.job_id) is not JobState.PAINTING:
            self._changed[progress.job_id] = None
        self._wake.set()

    def progress_of(self, job_id: str) -> JobProgress | None:
        return self._progress.get(job_id)

    # ---- what is for one person only

    def post_changed(self, user_id: str, *, text: str = "") -> None:
        """Somebody has a new message, or read the old ones; `text` is said to them at once."""
        self._post[user_id] = text or self._post.get(user_id, "")
        self._wake.set()

    def send_away(self, user_id: str) -> None:
        """Close every socket of a person; whether they may come back is asked at the door."""
        for connection in self._connections:
            if connection.user.user_id == user_id:
                connection.send_away()

    def sign_out(self, session: str) -> None:
        """Close every socket of a session that its person ended, also those of its copies."""
        for connection in self._connections:
            if connection.user.session == session:
                connection.send_away()

    async def _tell_post(self) -> None:
        waiting, self._post = self._post, {}
        here = {connection.user.user_id: connection for connection in self._connections}
        try:
            counts = await self._pools.run(
                Pool.DATABASE, self._count_post, [here[each].user for each in waiting if each in here]
            )
        except BaseException:
            for who, text in waiting.items():
                self._post[who] = self._post.get(who) or text
            raise
        for connection in self._connections:
            who = connection.user.user_id
            if who in counts:
                connection.tell(json.dumps({"type": "post", "count": counts[who], "text": waiting[who]}))

    def _count_post(self, visitors: Sequence[WebUser]) -> dict[str, int]:
        with self._ports.database.read() as session:
            return {each.user_id: count_messages(session, each.person.key) for each in visitors}

    # ---- telling everybody

    async def keep_posted(self) -> None:
        """Runs as long as the room is open."""
        last_look = positions_at = asyncio.get_running_loop().time()
        while True:
            try:
                async with asyncio.timeout(POSITIONS_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            else:
                await self._gather()
            self._wake.clear()
            self._hurry.clear()
            now = asyncio.get_running_loop().time()
            if now - last_look > LOOK_AGAIN_SECONDS:
                last_look = now
                self._changed.update(dict.fromkeys(self._unfinished))
            try:
                await self._tell_changes()
                if self._positions_due and now - positions_at > POSITIONS_SECONDS:
                    positions_at, self._positions_due = now, False
                    await self._tell_positions()
            except Exception as error:  # noqa: BLE001 - the room stays open; what was missed is looked up again
                report_error(error)
                await asyncio.sleep(1)

    async def _gather(self) -> None:
        """Give others the time to come along, unless somebody waits."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                await self._hurry.wait()

    async def _tell_changes(self) -> None:
        if self._people_changed:
            self._people_changed = False
            self._tell_all({"type": "people", "html": render_people(self.people())})
        if self._parents:
            await self._follow_parents()
        if self._post:
            await self._tell_post()
        while self._changed:
            await self._tell_some()
        stepped, self._stepped = self._stepped, set()
        steps = {job_id: self._step_data(job_id) for job_id in stepped if job_id in self._progress}
        if steps:
            self._tell_all({"type": "progress", "jobs": steps})

    async def _follow_parents(self) -> None:
        parents, self._parents = self._parents, set()
        try:
            children = await self._pools.run(Pool.DATABASE, self._load_children, parents)
        except BaseException:
            self._parents |= parents
            raise
        self._changed.update(dict.fromkeys(children))

    async def _tell_some(self) -> None:
        """Take the jobs off the list before they are read: one that changes meanwhile goes on it again."""
        job_ids = list(self._changed)[:MOST_CARDS]
        for job_id in job_ids:
            del self._changed[job_id]
        try:
            loaded = await self._pools.run(Pool.DATABASE, self._load, job_ids, dict(self._progress))
        except BaseException:
            self._changed.update(dict.fromkeys(job_ids))
            raise
        self._note_states(job_ids, [card for card, _ in loaded])
        told = {card.job.id for card, html in loaded if not self._is_news(card, html)}
        if news := [job_id for job_id in job_ids if job_id not in told]:
            self._tell_cards(news, [each for each in loaded if each[0].job.id not in told])

    async def _tell_positions(self) -> None:
        places = await self._pools.run(Pool.DATABASE, self._load_places)
        shown = {
            each: waiting(places[each].ahead, places[each].eta_seconds)
            for each in self._unfinished
            if each in places and places[each].waits
        }
        if shown:
            self._tell_all({"type": "waiting", "jobs": shown})

    def _load(self, job_ids: Sequence[str], progress: dict[str, JobProgress]) -> list[tuple[Card, str]]:
        with self._ports.database.read() as session:
            cards = load_cards(session, load_jobs(session, job_ids))
        return [(card, render_card(card, progress.get(card.job.id))) for card in cards]

    def _load_children(self, parents: set[str]) -> list[str]:
        with self._ports.database.read() as session:
            return children_of(session, sorted(parents))

    def _load_places(self) -> dict[str, Outlook]:
        with self._ports.database.read() as session:
            return outlooks(session)

    def _note_states(self, job_ids: Sequence[str], cards: Sequence[Card]) -> None:
        """Remember what is unfinished, and that the waiting ones moved up when something was finished."""
        states = {card.job.id: card.job.state for card in cards}
        for job_id in job_ids:
            state = states.get(job_id)
            if self._unfinished.get(job_id) is not state and any(
                each in WAITING for each in self._unfinished.values()
            ):
                self._positions_due = True
            if state in OUTSTANDING and state is not None:
                self._unfinished[job_id] = state
            else:
                self._unfinished.pop(job_id, None)
                self._progress.pop(job_id, None)

    def _is_news(self, card: Card, html: str) -> bool:
        """False for a card that everybody here has as it is: our own event about what we just told."""
        if self._told.get(card.job.id) == html:
            return False
        self._told[card.job.id] = html
        return True

    def _tell_cards(self, job_ids: Sequence[str], loaded: Sequence[tuple[Card, str]]) -> None:
        """Everybody gets the same message unless a card is for some eyes only."""
        self.tellings += 1
        messages: dict[tuple[bool, ...], str] = {}
        for connection in self._connections:
            who = connection.user
            sight = tuple(card.seen_by(who.user_id, moderator=who.moderator) for card, _ in loaded)
            if sight not in messages:
                seen = [each for each, visible in zip(loaded, sight, strict=True) if visible]
                gone = sorted(set(job_ids) - {card.job.id for card, _ in seen})
                messages[sight] = json.dumps(cards_message(seen, gone))
            connection.tell(messages[sight])

    def _tell_all(self, message: dict[str, Any]) -> None:
        text = json.dumps(message)
        for connection in self._connections:
            connection.tell(text)

    def _step_data(self, job_id: str) -> dict[str, Any]:
        each = self._progress[job_id]
        text = texts.step(each.step, each.steps, each.seconds_left)
        return {"step": each.step, "steps": each.steps, "text": text, "preview": each.preview}


def cards_message(seen: Sequence[tuple[Card, str]], gone: Sequence[str]) -> dict[str, Any]:
    cards = [
        {
            "id": card.job.id,
            "at": card.job.created_at.timestamp(),
            "state": card.job.state,
            "html": html,
        }
        for card, html in seen
    ]
    return {"type": "cards", "cards": cards, "gone": list(gone)}
