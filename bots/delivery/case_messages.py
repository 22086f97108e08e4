"""The desk's board: one message for each case, notices for people, and questions to the owners of pictures."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Concatenate, ParamSpec, Protocol, TypeVar
from weakref import WeakValueDictionary

from bots.delivery.deliveries import Claim, forget, record, release_claim, take_claim
from bots.delivery.errors import DeliveryInProgressError, DestinationUnreachableError
from bots.queries.desk import open_cases, read_for
from bots.runtime.thread_pools import Pool, ThreadPools
from studio.db import cases, settings
from studio.db.database import Database
from studio.db.deliveries import message_of
from studio.domain.cases import CaseDetails, CaseState, Notice
from studio.domain.deliveries import MessageRef, Subject
from studio.domain.people import Person
from studio.ports import Desk

_CLAIM_LASTS = timedelta(seconds=20)

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class CaseDelivery(Protocol):
    """Carries cases and notices to a platform. All raise its own errors for troubles that pass."""

    async def lay(self, details: CaseDetails, channel: str, message_ref: MessageRef | None) -> MessageRef:
        """Show a case to the moderators in its one message, made in `channel` if there is none.

        Raises `DestinationUnreachableError`.
        """

    async def ask(self, details: CaseDetails, message_ref: MessageRef | None) -> MessageRef:
        """Ask the addressee of a consent case, or show what became of it. Raises `DestinationUnreachableError`."""

    async def tell(self, notice: Notice) -> None:
        """Bring a person a word of the house. Raises `DestinationUnreachableError`."""

    async def announce(self, community: str, channel: str, text: str) -> None:
        """Say something in a channel. Raises `DestinationUnreachableError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMessageState:
    """A case, where it is shown, and where it would be."""

    details: CaseDetails
    desk_channel: str | None
    message_ref: MessageRef | None


class CaseMessages:
    def __init__(self, database: Database, desk: Desk, pools: ThreadPools, delivery: CaseDelivery) -> None:
        self._database = database
        self._desk = desk
        self._pools = pools
        self._delivery = delivery
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def show(self, case_id: str) -> None:
        """Bring the case's message up to date. Without a desk channel there is none: /cases lists it still.

        Raises `NotFoundError`, `DeliveryInProgressError` and the platform's errors for troubles that pass.
        """
        lock = self._locks.setdefault(case_id, asyncio.Lock())
        async with lock:
            folder = await self._pools.run(
                Pool.DATABASE, load_case_message_state, self._database, self._desk, case_id
            )
            asked = folder.details.case.addressee is not None
            if folder.message_ref is None and not asked and folder.desk_channel is None:
                return
            if folder.message_ref is None and folder.details.case.state is CaseState.CLOSED:
                return  # it was decided before anybody was shown it
            try:
                await self._bring(folder, asked=asked)
            except DestinationUnreachableError:
                await self._bring_anew(folder, asked=asked)

    async def lay_open_cases(self, moderator: Person) -> None:
        """Show what is on the desk in a channel that was named just now."""
        found = await self._run(open_cases, moderator)
        for case_id in found:
            await self.show(case_id)

    async def tell(self, notice_id: str) -> None:
        """Bring a notice to its person, once. One that cannot be brought stays undelivered in the records."""
        notice = await self._run(load_notice, notice_id)
        if notice.delivered:
            return
        try:
            await self._delivery.tell(notice)
        except DestinationUnreachableError:
            log.info("notice not delivered: recipient unreachable", extra={"notice_id": notice_id})
            return
        await self._run(mark_delivered, notice_id)

    async def announce(self, community: str, channel: str, text: str) -> None:
        """Say something in a channel of the moderators' choice. One that is closed to us is left alone."""
        try:
            await self._delivery.announce(community, channel, text)
        except DestinationUnreachableError:
            log.info("digest not delivered: channel unreachable", extra={"channel": channel})

    async def details_for(self, moderator: Person, case_id: str) -> CaseDetails:
        """A case of the moderator's own desk, to read. Raises `NotAllowedError` and `NotFoundError`."""
        return await self._pools.run(Pool.COMMANDS, read_for, self._database, self._desk, moderator, case_id)

    async def _bring(self, folder: CaseMessageState, *, asked: bool) -> None:
        subject = Subject.of_case(folder.details.case)
        if folder.message_ref is None:
            claim = await self._run(take_claim, subject, folder.desk_channel or "", lasts=_CLAIM_LASTS)
            if claim not in (Claim.OURS, Claim.INHERITED):
                raise DeliveryInProgressError
        try:
            if asked:
                kept = await self._delivery.ask(folder.details, folder.message_ref)
            else:
                kept = await self._delivery.lay(folder.details, folder.desk_channel or "", folder.message_ref)
        except BaseException:
            if folder.message_ref is None:
                await self._run(release_claim, subject)
            raise
        kept = replace(kept, final=folder.details.case.state is CaseState.CLOSED)
        if kept != folder.message_ref:
            await self._run(record, subject, kept)

    async def _bring_anew(self, folder: CaseMessageState, *, asked: bool) -> None:
        """An open case whose message was deleted must not be lost from sight."""
        case = folder.details.case
        gone = folder.message_ref is not None and case.state is CaseState.OPEN and folder.desk_channel
        if gone and not asked:
            await self._run(forget, Subject.of_case(case))
            try:
                await self._bring(replace(folder, message_ref=None), asked=False)
                return
            except DestinationUnreachableError:
                pass
        log.info("case message not sent: channel unreachable", extra={"case_id": case.id})

    async def _run(
        self, work: Callable[Concatenate[Database, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        return await self._pools.run(Pool.DATABASE, partial(work, self._database, *arguments, **named))


def load_case_message_state(database: Database, desk: Desk, case_id: str) -> CaseMessageState:
    """Raises `NotFoundError`."""
    details = desk.read(case_id)
    case = details.case
    with database.read() as session:
        rules = settings.community_rules(session, case.platform, case.community)
        found = message_of(session, Subject.of_case(case).kind, case_id)
    return CaseMessageState(details=details, desk_channel=rules.desk_channel, message_ref=found)


def load_notice(database: Database, notice_id: str) -> Notice:
    with database.read() as session:
        return cases.find_notice(session, notice_id)


def mark_delivered(database: Database, notice_id: str) -> None:
    with database.begin() as session:
        cases.mark_notice_delivered(session, notice_id)
