"""The delivery core of a chat front end: what each event and each step of a job does to its messages."""

from bots.delivery.gatherings.gathering_messages import GatheringMessages
from bots.delivery.gatherings.membership_check import MembershipCheck
from bots.delivery.job_updates import JobUpdates
from bots.delivery.message_publisher import MessagePublisher
from bots.delivery.message_sender import MessageSender
from bots.delivery.personal_messages import PersonalMessages
from bots.delivery.subjects.cases import CaseDrafts
from bots.delivery.subjects.draft import Compose, Draft
from bots.delivery.subjects.gatherings import GatheringDrafts
from bots.delivery.subjects.jobs import JobDrafts
from bots.delivery.subjects.recaps import draft_recap
from bots.delivery.subjects.starboard import StarboardDrafts
from bots.delivery.transport import DeliveryContext, Transport
from bots.process.thread_pools import Pool, ThreadPools
from bots.queries.open_cases import open_cases, read_for
from bots.queries.starboard_entry import find_starboard_pictures
from studio.domain.cases import CaseDetails
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import (
    CaseChanged,
    DigestWritten,
    Event,
    GatheringChanged,
    GatheringRemark,
    JobAccepted,
    JobChanged,
    JobEnded,
    JobProgress,
    NoticeWritten,
    PictureChanged,
    PictureFinished,
    RecapDue,
)
from studio.domain.people import Person
from studio.gatherings.periodic_tasks import interrupt
from studio.ports import Ports


class ChatEventHandler:
    """Implements `bots.delivery.event_consumer.EventHandler`.

    `pixelated`: the platform has no spoilers. `publisher` keeps the messages of jobs, cases and starred pictures,
    `personal` sends what is sent once. Methods raise `NotFoundError`, `DeliveryInProgressError`,
    `PlatformUnavailableError` and `ServiceError`.
    """

    def __init__(self, ports: Ports, pools: ThreadPools, transport: Transport, *, pixelated: bool) -> None:
        database = ports.database
        self._ports = ports
        self._pools = pools
        starboard = StarboardDrafts(database, transport.link_to, pixelated=pixelated)
        job_drafts = JobDrafts(database, pixelated=pixelated)
        gathering_drafts = GatheringDrafts(database, pixelated=pixelated, web_url=ports.web_url)
        context = DeliveryContext(ports, pools, transport)
        sender = MessageSender(context)
        self.personal = PersonalMessages(context, sender, job_drafts)
        compose: dict[DeliveryKind, Compose] = {
            DeliveryKind.JOB: job_drafts.compose,
            DeliveryKind.CASE: CaseDrafts(database, ports.desk).compose,
            DeliveryKind.STARBOARD: starboard.compose,
            DeliveryKind.GATHERING: gathering_drafts.compose,
            DeliveryKind.RETIRED: job_drafts.retire,
        }
        self.publisher = MessagePublisher(
            context,
            sender,
            compose,
            first_end=self.personal.follow_end,
            unreachable=self._interrupt,
        )
        self.gatherings = GatheringMessages(context, self.publisher, sender, gathering_drafts)
        self.membership_check = MembershipCheck(context)
        self.jobs = JobUpdates(context, self.publisher, job_drafts)

    async def handle(self, event: Event) -> None:
        match event:
            case JobAccepted():
                await self.send_new_job(event.job_id)
                await self.jobs.show_pressed(event.job_id)
            case JobEnded():
                await self.publisher.show(DeliveryKind.JOB, event.job_id)
            case JobChanged():
                await self.publisher.show(DeliveryKind.RETIRED, event.job_id)
                await self.publisher.show(DeliveryKind.JOB, event.job_id)
                await self._show_starred(event.job_id)
            case PictureFinished():
                await self.jobs.picture_finished(event.job_id)
            case PictureChanged():
                await self.jobs.picture_changed(event.job_id, event.picture_id)
                await self.publisher.show(DeliveryKind.STARBOARD, event.picture_id)
            case CaseChanged():
                await self.publisher.show(DeliveryKind.CASE, event.case_id)
            case NoticeWritten():
                await self.personal.send_notice(event.notice_id)
            case DigestWritten():
                await self.personal.announce(event)
            case RecapDue():
                await self._send_recap(event)
            case GatheringChanged():
                await self.gatherings.refresh(event.gathering_id)
            case GatheringRemark():
                await self.gatherings.send_remark(event)

    async def show_progress(self, progress: JobProgress) -> None:
        await self.jobs.show_progress(progress)

    async def tick(self) -> None:
        """Every few seconds: small changes whose time has come, queue positions that changed, and who left."""
        try:
            await self.publisher.show_overdue()
        finally:
            await self.jobs.announce_moves()
            await self.jobs.show_positions()
        await self.membership_check.run_when_due()

    async def flush(self) -> None:
        await self.publisher.flush()

    async def send_new_job(self, job_id: str) -> None:
        """Make the message of a new job, if nobody did so yet."""
        await self.publisher.send_new(DeliveryKind.JOB, job_id)

    async def show_open_cases(self, moderator: Person) -> None:
        """Show what is on the desk in a channel that was named just now."""
        found = await self._pools.run(Pool.DATABASE, open_cases, self._ports.database, moderator)
        for case_id in found:
            await self.publisher.show(DeliveryKind.CASE, case_id)

    async def case_for(self, moderator: Person, case_id: str) -> CaseDetails:
        """A case of the moderator's own desk. Raises `NotAllowedError` and `NotFoundError`."""
        ports = self._ports
        return await self._pools.run(Pool.COMMANDS, read_for, ports.database, ports.desk, moderator, case_id)

    async def _interrupt(self, draft: Draft) -> None:
        """A gathering whose message cannot be shown waits until somebody carries it over to another channel."""
        if draft.subject.kind is DeliveryKind.GATHERING and not draft.final:
            ports = self._ports
            await self._pools.run(Pool.DATABASE, interrupt, ports.database, ports.events, draft.subject.id)

    async def _send_recap(self, event: RecapDue) -> None:
        draft = await self._pools.run(Pool.DATABASE, draft_recap, self._ports.database, event)
        if draft is not None:
            await self.personal.send_to_channel(draft)

    async def _show_starred(self, job_id: str) -> None:
        """After a job changed, as when a moderator hid it: those of its pictures that are on a starboard."""
        for picture_id in await self._pools.run(
            Pool.DATABASE, find_starboard_pictures, self._ports.database, job_id
        ):
            await self.publisher.show(DeliveryKind.STARBOARD, picture_id)
