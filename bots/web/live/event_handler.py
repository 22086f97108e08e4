"""What each event means for the people who have the web page open."""

from collections.abc import Callable
from functools import partial

from bots.delivery.gatherings.gathering_jobs import GatheringJobs
from bots.presentation.compose.gatherings.remarks import compose_remark
from bots.process.thread_pools import Pool, ThreadPools
from bots.queries.gathering_view import load_gathering_view
from bots.texts.coded.sentences import say_stored
from bots.web.live.hub import LiveHub
from bots.web.queries.desk_counts import count_open
from studio.db.cases import find_case, find_notice
from studio.db.database import Database
from studio.db.identities.people import find_person
from studio.domain.cases import Case, Notice, NoticeKind
from studio.domain.events import (
    CaseChanged,
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
)
from studio.ports import Ports

# A fixed name: after a crash, the next process first gets what this one left unacknowledged. Several share it.
CONSUMER = "room"
_SENT_AWAY = frozenset({NoticeKind.SUSPENSION, NoticeKind.BAN})


class LiveEvents:
    """Implements `bots.web.live.live_consumer.LiveEventHandler`.

    What is shown comes from the rows, also for those who connect later: telling the hub is enough.
    """

    def __init__(self, ports: Ports, pools: ThreadPools, hub: LiveHub) -> None:
        self._gathering_jobs = GatheringJobs(ports, pools)
        self._database = ports.database
        self._pools = pools
        self._hub = hub

    async def handle(self, event: Event) -> None:
        if isinstance(event, GatheringChanged):
            await self._gathering_jobs.submit(event.gathering_id)

    async def show(self, event: Event) -> None:
        match event:
            case CaseChanged():
                await self._ask(event.case_id)
            case NoticeWritten():
                await self._send_notice(event.notice_id)
            case JobEnded():
                self._hub.job_ended(event.job_id)
            case JobAccepted() | JobChanged() | PictureFinished():
                self._hub.job_changed(event.job_id)
            case GatheringRemark(private=True, person=str(key)):
                say = await self._pools.run(Pool.DATABASE, _read_remark, self._database, event)
                self._hub.inbox_changed(key.rpartition(":")[2], say=say)
            case PictureChanged():
                self._hub.job_changed(event.job_id)
                self._hub.picture_changed(event.picture_id)

    async def show_progress(self, progress: JobProgress) -> None:
        self._hub.job_progressed(progress)

    async def tick(self) -> None:
        """Nothing waits for its time."""

    async def flush(self) -> None:
        """Nothing waits for its time."""

    async def _ask(self, case_id: str) -> None:
        """A question for one person, or a case of the moderators' desk, whose button counts them."""
        case = await self._pools.run(Pool.DATABASE, _load_case, self._database, case_id)
        if case.addressee is not None:
            self._hub.inbox_changed(case.addressee.rpartition(":")[2])
        else:
            home = (case.platform, case.community)
            self._hub.desk_changed(await self._pools.run(Pool.DATABASE, count_open, self._database, *home))

    async def _send_notice(self, notice_id: str) -> None:
        notice = await self._pools.run(Pool.DATABASE, _load_notice, self._database, notice_id)
        user_id = notice.person.user_id
        if notice.kind in _SENT_AWAY:
            self._hub.close_user(user_id)
        else:
            self._hub.inbox_changed(user_id, say=partial(say_stored, notice.text))


def _read_remark(database: Database, remark: GatheringRemark) -> Callable[[], str]:
    """What it says, composed in the reader's language."""
    view = load_gathering_view(database, remark.gathering_id)
    with database.read() as session:
        person = find_person(session, remark.person) if remark.person else None
    return lambda: compose_remark(view, remark, person).summary


def _load_case(database: Database, case_id: str) -> Case:
    with database.read() as session:
        return find_case(session, case_id)


def _load_notice(database: Database, notice_id: str) -> Notice:
    with database.read() as session:
        return find_notice(session, notice_id)
