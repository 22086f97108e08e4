"""Sends what changed to every browser.

The database is the truth. An event only says that a job changed; its card is then rendered from the rows and sent to
everybody, under the job's id. A repeated or late event therefore changes nothing, and a browser that connects again
gets the feed as it is.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool, ThreadPools
from bots.queries.job_view import JobView, load_job_views
from bots.texts.jobs import waiting
from bots.texts.languages.readers import reading_in
from bots.web.access.session_cookies import WebUser
from bots.web.live.cards import render_card, render_people
from bots.web.live.connection import Connection
from bots.web.live.connections import Connections
from bots.web.live.job_updates import JobUpdates, step_data
from bots.web.queries.desk_counts import count_message
from bots.web.queries.inbox import count_messages
from bots.web.queries.job_cards import children_of, is_on_feed, load_jobs
from studio.db.queue_estimates import Outlook, outlooks
from studio.domain.events import JobProgress
from studio.domain.settings.languages import Language
from studio.ports import Ports

GATHER_SECONDS = 0.04  # changes within this time travel in one message
LOOK_AGAIN_SECONDS = 10.0  # how often unfinished jobs are looked up, whatever the events say
POSITIONS_SECONDS = 1.0

RenderedCard = tuple[JobView, Mapping[Language, str]]
Say = Callable[[], str]


class LiveHub:
    """Lives on the event loop; only what loads from the database runs in threads."""

    def __init__(self, ports: Ports, pools: ThreadPools) -> None:
        self._ports = ports
        self._pools = pools
        self._connections = Connections()
        self._jobs = JobUpdates()
        self._parents: set[str] = set()
        self._inbox: dict[str, Say | None] = {}  # users with new messages, and what to show them at once
        self._people_changed = False
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self.broadcasts = (
            0  # how often cards were sent; a feed that is read meanwhile may be older than they are
        )

    # ---- connections

    def connect(self, connection: Connection) -> None:
        self._connections.add(connection)
        self._update_people()

    def disconnect(self, connection: Connection) -> None:
        self._connections.remove(connection)
        self._update_people()

    def change_language(self, user_id: str, chosen: Language | None) -> bool:
        """Whether what a person chose changed the language of one of their browsers."""
        return self._connections.change_language(user_id, chosen)

    def rename(self, user: WebUser) -> None:
        self._connections.rename(user)
        self._update_people()

    def close_user(self, user_id: str) -> None:
        """Close every socket of a person. The login decides whether they may come back."""
        self._connections.close_user(user_id)

    def close_session(self, session: str) -> None:
        """Close every socket of a session that its person ended."""
        self._connections.close_session(session)

    def _update_people(self) -> None:
        self._people_changed = True
        self._wake.set()

    # ---- events

    def job_changed(self, job_id: str) -> None:
        self._jobs.mark([job_id])
        self._wake.set()

    def job_ended(self, job_id: str) -> None:
        """Sent without waiting for other changes: somebody is looking forward to its pictures."""
        self.job_changed(job_id)
        self._hurry.set()

    def picture_changed(self, picture_id: str) -> None:
        """The cards of what was made from it name it, and no longer may once it is deleted."""
        self._parents.add(picture_id)
        self._wake.set()

    def job_progressed(self, progress: JobProgress) -> None:
        self._jobs.add_progress(progress)
        self._wake.set()

    def inbox_changed(self, user_id: str, *, say: Say | None = None) -> None:
        """A person has a new message, or read the old ones; what `say` composes is shown to them at once."""
        self._inbox[user_id] = say or self._inbox.get(user_id)
        self._wake.set()

    def desk_changed(self, count: int) -> None:
        self._connections.send_to_moderators(lambda: {"type": "desk", **count_message(count)})

    def watch(self, job_id: str) -> None:
        """An unfinished job that a browser shows: look it up again now and then, whatever the events say."""
        self._jobs.watch(job_id)

    def resend(self, job_ids: Iterable[str]) -> None:
        """A browser may have missed the latest of these, or of what was sent last."""
        self._jobs.forget_sent(job_ids)
        self._wake.set()

    def progress_of(self, job_id: str) -> JobProgress | None:
        return self._jobs.progress_of(job_id)

    # ---- sending

    async def run(self) -> None:
        """Send what changes until the task is cancelled."""
        looked_at = positions_at = asyncio.get_running_loop().time()
        while True:
            await self._wait()
            now = asyncio.get_running_loop().time()
            if now - looked_at > LOOK_AGAIN_SECONDS:
                looked_at = now
                self._jobs.mark(self._jobs.unfinished)
            try:
                await self._send_changes()
                if self._jobs.positions_changed and now - positions_at > POSITIONS_SECONDS:
                    positions_at, self._jobs.positions_changed = now, False
                    await self._send_positions()
            except Exception as error:  # noqa: BLE001 - the app stays up; what was missed is looked up again
                report_error(error)
                await asyncio.sleep(1)

    async def _wait(self) -> None:
        """Until something changed, but never much longer than a second."""
        try:
            async with asyncio.timeout(POSITIONS_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            pass
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_SECONDS):
                    await self._hurry.wait()
        self._wake.clear()
        self._hurry.clear()

    async def _send_changes(self) -> None:
        if self._people_changed:
            self._people_changed = False
            names = self._connections.names()
            self._connections.broadcast(lambda: {"type": "people", "html": render_people(names)})
        if self._parents:
            await self._mark_children()
        if self._inbox:
            await self._send_inbox_counts()
        while self._jobs.pending:
            await self._send_cards()
        if steps := self._jobs.take_steps():
            self._broadcast_steps(steps)

    async def _mark_children(self) -> None:
        parents, self._parents = self._parents, set()
        try:
            children = await self._pools.run(Pool.DATABASE, self._load_children, parents)
        except BaseException:
            self._parents |= parents
            raise
        self._jobs.mark(children)

    async def _send_inbox_counts(self) -> None:
        changed, self._inbox = self._inbox, {}
        users = self._connections.users()
        connected = [users[user_id] for user_id in changed if user_id in users]
        try:
            counts = await self._pools.run(Pool.DATABASE, self._count_messages, connected)
        except BaseException:
            for user_id, say in changed.items():
                self._inbox[user_id] = self._inbox.get(user_id) or say
            raise
        for user_id, count in counts.items():
            self._connections.send_to(user_id, partial(_inbox_message, count, changed[user_id]))

    async def _send_cards(self) -> None:
        job_ids = self._jobs.take_changed()
        try:
            languages = self._connections.languages() or [Language.ENGLISH]
            rendered = await self._pools.run(
                Pool.DATABASE, self._load, job_ids, self._jobs.progress, languages
            )
        except BaseException:
            self._jobs.mark(job_ids)
            raise
        self._jobs.record_states(job_ids, [card for card, _ in rendered])
        known = {card.job.id for card, html in rendered if not self._jobs.is_unsent(card, html)}
        if unsent := [job_id for job_id in job_ids if job_id not in known]:
            self._broadcast_cards(unsent, [pair for pair in rendered if pair[0].job.id not in known])

    def _broadcast_cards(self, job_ids: Sequence[str], rendered: Sequence[RenderedCard]) -> None:
        """Everybody gets the same message, unless they may see other cards than the rest."""
        self.broadcasts += 1
        known = next((html.keys() for _, html in rendered), self._connections.languages())
        if set(self._connections.languages()) - set(known):  # somebody came meanwhile who reads another
            self._jobs.mark(job_ids)
        messages: dict[tuple[Language, tuple[bool, ...]], str] = {}
        for connection in self._connections:
            user, language = connection.user, connection.language
            visible = tuple(is_on_feed(card, user.user_id, moderator=user.moderator) for card, _ in rendered)
            if (language, visible) not in messages:
                pairs = zip(rendered, visible, strict=True)
                shown = [(card, in_language(html, language)) for (card, html), may_see in pairs if may_see]
                gone = sorted(set(job_ids) - {card.job.id for card, _ in shown})
                messages[language, visible] = json.dumps(cards_message(shown, gone))
            connection.send(messages[language, visible])

    def _broadcast_steps(self, steps: Mapping[str, JobProgress]) -> None:
        """Those of private jobs, which may show an unfinished picture, go to their owners only."""
        shown = {job_id: step for job_id, step in steps.items() if self._jobs.owner_of(job_id) is None}
        if shown:
            self._connections.broadcast(partial(_progress_message, shown))
        for job_id in steps.keys() - shown.keys():
            owner = self._jobs.owner_of(job_id) or ""
            self._connections.send_to(owner, partial(_progress_message, {job_id: steps[job_id]}))

    async def _send_positions(self) -> None:
        positions = await self._pools.run(Pool.DATABASE, self._load_positions, sorted(self._jobs.unfinished))
        waits = {
            job_id: positions[job_id]
            for job_id in self._jobs.unfinished
            if job_id in positions and positions[job_id].waits
        }
        if waits:
            self._connections.broadcast(partial(_waiting_message, waits))

    # ---- in threads

    def _load(
        self, job_ids: Sequence[str], progress: dict[str, JobProgress], languages: Sequence[Language]
    ) -> list[RenderedCard]:
        with self._ports.database.read() as session:
            cards = load_job_views(session, load_jobs(session, job_ids))
        rendered: list[dict[Language, str]] = [{} for _ in cards]
        for language in languages:
            with reading_in(language):
                for card, html in zip(cards, rendered, strict=True):
                    html[language] = render_card(card, progress.get(card.job.id))
        return list(zip(cards, rendered, strict=True))

    def _load_children(self, parents: set[str]) -> list[str]:
        with self._ports.database.read() as session:
            return children_of(session, sorted(parents))

    def _load_positions(self, job_ids: Sequence[str]) -> dict[str, Outlook]:
        with self._ports.database.read() as session:
            return outlooks(session, job_ids)

    def _count_messages(self, users: Sequence[WebUser]) -> dict[str, int]:
        with self._ports.database.read() as session:
            return {user.user_id: count_messages(session, user.person.key) for user in users}


def in_language(html: Mapping[Language, str], language: Language) -> str:
    """In any other for a browser that came meanwhile: it gets the card once more."""
    return html.get(language) or next(iter(html.values()))


def _inbox_message(count: int, say: Say | None) -> dict[str, Any]:
    return {"type": "post", "count": count, "text": say() if say else ""}


def _progress_message(steps: Mapping[str, JobProgress]) -> dict[str, Any]:
    jobs = {job_id: step_data(progress) for job_id, progress in steps.items()}
    return {"type": "progress", "jobs": jobs}


def _waiting_message(waits: Mapping[str, Outlook]) -> dict[str, Any]:
    jobs = {job_id: waiting(outlook.ahead, outlook.eta_seconds) for job_id, outlook in waits.items()}
    return {"type": "waiting", "jobs": jobs}


def cards_message(shown: Sequence[tuple[JobView, str]], gone: Sequence[str]) -> dict[str, Any]:
    cards = [
        {"id": card.job.id, "at": card.job.created_at.timestamp(), "state": card.job.state, "html": html}
        for card, html in shown
    ]
    return {"type": "cards", "cards": cards, "gone": list(gone)}
