"""What each event does to the messages of a front end that still has a board for each kind."""

from bots.delivery.case_messages import CaseMessages
from bots.delivery.job_messages import JobMessages
from bots.delivery.starboard import Starboard
from studio.domain.events import (
    CaseChanged,
    DigestWritten,
    Event,
    JobAccepted,
    JobChanged,
    JobEnded,
    JobProgress,
    NoticeWritten,
    PictureChanged,
)


class BoardEvents:
    """Implements `bots.delivery.event_consumer.EventHandler`."""

    def __init__(self, jobs: JobMessages, cases: CaseMessages, starboard: Starboard) -> None:
        self._jobs = jobs
        self._cases = cases
        self._starboard = starboard

    async def handle(self, event: Event) -> None:
        match event:
            case JobAccepted():
                await self._jobs.pin(event.job_id)
            case JobEnded():
                await self._jobs.show(event.job_id)
            case JobChanged():
                await self._jobs.show(event.job_id)
                await self._starboard.show_again(event.job_id)
            case PictureChanged():
                await self._jobs.picture_changed(event.job_id, event.picture_id)
                await self._starboard.show(event.picture_id)
            case CaseChanged():
                await self._cases.show(event.case_id)
            case NoticeWritten():
                await self._cases.tell(event.notice_id)
            case DigestWritten():
                await self._cases.announce(event.community, event.channel, event.text)

    async def progressed(self, progress: JobProgress) -> None:
        await self._jobs.progressed(progress)

    async def tick(self) -> None:
        await self._jobs.tick()

    async def flush(self) -> None:
        await self._jobs.flush()
