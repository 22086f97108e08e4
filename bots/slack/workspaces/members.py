"""Members of a workspace: what they are called, whether they moderate, whether they are guests."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bots.interactions.reader_languages import ReaderLanguages
from bots.process.thread_pools import Pool
from bots.queries.job_view import known_name
from bots.slack.api.client import SlackError, SlackUnavailableError
from bots.slack.api.request import SlackRequest
from bots.slack.context import AppIdentity, SlackComponent, SlackContext
from bots.slack.workspaces.channels import Channels
from bots.slack.workspaces.user_groups import UserGroups
from studio.bounded_dict import BoundedDict
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.identities.people import lock_person
from studio.domain.people import Address, Person, Platform, Role
from studio.errors import ChatelierError
from studio.parsing.text_cleaning import clean_text

_KEPT_MEMBERS = 5000
_KEPT_SECONDS = 10 * 60
_PATIENCE_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`guest`: of another organisation over Slack Connect, or let into some channels only."""

    name: str
    moderates: bool = False
    guest: bool = False
    is_bot: bool = False
    locale: str | None = None  # such as de-DE


class Members(SlackComponent):
    def __init__(self, context: SlackContext, groups: UserGroups, channels: Channels) -> None:
        super().__init__(context)
        self._groups = groups
        self._channels = channels
        self._languages = ReaderLanguages(context.ports.database, context.pools)
        self._members: BoundedDict[str, tuple[float, Member]] = BoundedDict(_KEPT_MEMBERS)

    async def call_of(self, request: SlackRequest) -> Call:
        """The request as the studio's call. A workspace is one community, whichever channel was used.

        The running task speaks the person's language from here on.

        Raises `NotInstalledError`: nothing is generated for a workspace that uninstalled the app.
        """
        with suppress(SlackUnavailableError):
            await self._workspaces.of(request.community)
        is_private = self._channels.is_private(request.community, request.channel)
        person, private = await asyncio.gather(self.person(request), is_private)
        await self.adopt_language(request)
        address = Address(
            platform=Platform.SLACK,
            community=request.community,
            channel=request.channel or request.user,
            thread=request.thread,
            private=private,
        )
        return Call(person=person, address=address, request_key=request.key)

    async def adopt_language(self, request: SlackRequest) -> None:
        """The running task speaks the person's language from here on, as far as it is known by now. Never raises."""
        key = Person.key_of(Platform.SLACK, request.team, request.user)
        _, member = self._members.get(key, (0.0, None))
        await self._languages.adopt(key, member.locale if member else None)

    async def person(self, request: SlackRequest) -> Person:
        """User groups are the platform's roles. Slack does not tell apps how old an account is."""
        member, groups = await asyncio.gather(self.member(request), self._groups.of(request))
        moderates = not member.guest and (member.moderates or self._groups.moderate(groups))
        return Person(
            platform=Platform.SLACK,
            community=request.team,
            user_id=request.user,
            display_name=member.name,
            roles=frozenset({Role.MEMBER, Role.MODERATOR} if moderates else {Role.MEMBER}),
            platform_roles=groups,
            guest=member.guest,
        )

    async def introduce(self, request: SlackRequest, person_key: str) -> None:
        """Record a person who was named and may never have been here. One whom Slack does not know is left out."""
        platform, team, user = (*person_key.split(":"), "", "")[:3]
        if (platform, team) != (Platform.SLACK, request.team):
            return
        other = replace(request, user=user, user_name="")
        if await self._known_member(other) is None:
            return
        person = await self.person(other)
        await self._pools.run(Pool.COMMANDS, _record, self._ports.database, person)

    async def member(self, request: SlackRequest) -> Member:
        """Admins and owners of the workspace moderate. While Slack does not answer, what is known is used."""
        if member := await self._known_member(request):
            return member
        return Member(name=await self._fallback(request))

    async def _known_member(self, request: SlackRequest) -> Member | None:
        key = Person.key_of(Platform.SLACK, request.team, request.user)
        cached = self._members.get(key)
        if cached and time.monotonic() - cached[0] < _KEPT_SECONDS:
            return cached[1]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                workspace = await self._workspaces.of(request.community)
                answer = await workspace.client.call(
                    "users.info", patient=False, user=request.user, include_locale=True
                )
        except (SlackError, TimeoutError):
            log.info("member lookup failed: Slack unavailable or refused")
            return cached[1] if cached else None
        fallback = request.user_name or request.user
        member = _member(answer.get("user", {}), workspace.identity, team=request.team, fallback=fallback)
        self._members[key] = (time.monotonic(), member)
        return member

    async def _fallback(self, request: SlackRequest) -> str:
        if request.user_name:
            return clean_text(request.user_name)[:100]
        key = Person.key_of(Platform.SLACK, request.team, request.user)
        try:
            known = await self._pools.run(Pool.DATABASE, known_name, self._ports.database, key)
        except ChatelierError:
            known = None
        return known or request.user


def _record(database: Database, person: Person) -> None:
    with database.begin() as session:
        lock_person(session, person, present=False)


def _member(user: Mapping[str, Any], identity: AppIdentity, *, team: str, fallback: str) -> Member:
    profile: Mapping[str, Any] = user.get("profile") or {}
    names = (profile.get("display_name"), user.get("real_name"), user.get("name"), fallback)
    name = next(
        (clean for candidate in names if candidate and (clean := clean_text(str(candidate))[:100])), fallback
    )
    return Member(
        name=name,
        moderates=user.get("team_id") == identity.team == team and _governs(user),
        guest=_is_guest(user, identity),
        is_bot=bool(user.get("is_bot")),
        locale=str(user["locale"]) if user.get("locale") else None,
    )


def _governs(user: Mapping[str, Any]) -> bool:
    """Of their own workspace. On an Enterprise Grid that may be another than the one they act in."""
    return bool(user.get("is_admin") or user.get("is_owner"))


def _is_guest(user: Mapping[str, Any], identity: AppIdentity) -> bool:
    if user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("is_stranger"):
        return True
    if user.get("team_id") in (None, "", identity.team):
        return False
    organisation = (user.get("enterprise_user") or {}).get("enterprise_id")
    return identity.enterprise is None or organisation != identity.enterprise
