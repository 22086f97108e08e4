"""The feed of recent jobs, page by page."""

from contextlib import suppress
from typing import Any

from bots.process.thread_pools import Pool, ThreadPools
from bots.queries.job_view import JobView, load_job_views
from bots.texts.languages.catalogues import load_all_catalogues
from bots.web.access.session_cookies import WebUser
from bots.web.live.cards import render_card
from bots.web.live.hub import LiveHub
from bots.web.queries.job_cards import is_on_feed
from bots.web.templating import compile_templates, render_template
from studio.db import queries
from studio.domain.jobs import OUTSTANDING
from studio.errors import ChatelierError
from studio.ports import Ports

PAGE = 24


class Feed:
    def __init__(self, ports: Ports, pools: ThreadPools, hub: LiveHub) -> None:
        self._ports = ports
        self._pools = pools
        self._hub = hub

    async def load_message(self, user: WebUser) -> dict[str, Any]:
        """The newest page, for a browser that just connected."""
        before = self._hub.broadcasts
        html, unfinished = await self._pools.run(Pool.DATABASE, self._load_page, user, None)
        for job_id in unfinished:
            self._hub.watch(job_id)
        if self._hub.broadcasts != before:  # this page may be older than what was sent meanwhile
            self._hub.resend(unfinished)
        return {"type": "wall", "html": html, "me": user.user_id}

    async def load_page(self, user: WebUser, before: str) -> str:
        """Jobs older than the job `before`. Raises `NotFoundError` for an unknown job."""
        html, _ = await self._pools.run(Pool.DATABASE, self._load_page, user, before)
        return html

    def warm_up(self) -> None:
        """Do once what every user needs, before the first one connects. An unavailable database may be back then."""
        compile_templates()
        load_all_catalogues()
        with suppress(ChatelierError):
            self._load_page(WebUser(user_id="nobody"), None)

    def _load_page(self, user: WebUser, before: str | None) -> tuple[str, list[str]]:
        person = user.person
        with self._ports.database.read() as session:
            earlier = queries.find_job(session, before, viewer=person) if before else None
            jobs = queries.recent_jobs(session, person, limit=PAGE, before=earlier)
            cards = load_job_views(session, jobs)
        shown = [card for card in cards if is_on_feed(card, user.user_id, moderator=user.moderator)]
        html = render_template(
            "feed.html",
            cards=[self._render(card) for card in shown],
            older=jobs[-1].id if len(jobs) == PAGE else None,
            first=before is None,
        )
        return html, [job.id for job in jobs if job.state in OUTSTANDING]

    def _render(self, card: JobView) -> str:
        return render_card(card, self._hub.progress_of(card.job.id))
