"""Where a journey is played: three people, a worker that paints, and a front end that a subclass drives."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from sqlalchemy import select

from studio.commands.registry import find_command
from studio.commands.spec import CommandSpec
from studio.db.deliveries import message_of
from studio.db.tables import GatheringPartRow, GatheringRow, JobRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.gatherings import PartState
from studio.domain.jobs import JobState
from studio.gatherings import periodic_tasks
from studio.ports import Ports
from tests.support.gatherings import Clock
from tests.support.painting_web_server import QuickBrush, quick_worker

PATIENCE_SECONDS = 300.0  # bounds a hang
_SIDE_PIXELS = 64


class Stage(ABC):
    """Ana, Bo and Mo, who moderates, around the gathering that was opened last; they are ``ana``, ``bo`` and ``mo``.

    What a person presses is looked for in what was shown to them alone, then in the gathering's message.
    """

    def __init__(self, ports: Ports, clock: Clock) -> None:
        self.ports, self.clock = ports, clock
        self._worker = quick_worker(ports, QuickBrush(_SIDE_PIXELS, _SIDE_PIXELS))

    @abstractmethod
    async def type(self, who: str, command: str, **options: object) -> str:
        """Give a command; what the person is answered."""

    @abstractmethod
    async def press(self, who: str, label: str) -> str:
        """Press a button by its label; what the person is answered or shown."""

    @abstractmethod
    async def fill(self, who: str, label: str, **fields: str) -> str:
        """Press a button, fill in the form that it opens, and submit it. A choice is made by its label."""

    @abstractmethod
    async def read(self) -> str:
        """What the gathering's message says."""

    @abstractmethod
    async def alt_texts(self) -> list[str]:
        """The alternative texts of the images in the gathering's message."""

    @abstractmethod
    async def catch_up(self) -> None:
        """Until the front end did what the latest events ask of it."""

    @abstractmethod
    def forget_panels(self) -> None:
        """What was shown to one person alone is of an earlier time."""

    # ---- what passes meanwhile

    async def paint(self) -> None:
        """Every job that waits, and those that follow from it."""
        self.forget_panels()
        await self.catch_up()
        while waiting := self._waiting_jobs():
            for job_id in waiting:
                await asyncio.to_thread(self._worker.run, job_id)
            await self.catch_up()

    async def pass_by(self, *, minutes: float) -> None:
        self.forget_panels()
        self.clock.pass_by(minutes=minutes)
        periodic_tasks.sweep(self.ports.database, self.ports.events)
        await self.catch_up()

    async def own_picture(self, who: str, prompt: str) -> str:
        """The id of a picture of theirs."""
        await self.type(who, "imagine", prompt=prompt, count=1)
        await self.paint()
        with self.ports.database.read() as session:
            newest = session.scalars(select(JobRow.id).order_by(JobRow.created_at.desc())).first()
        return f"{newest}.1"

    # ---- what the database knows

    @property
    def gathering(self) -> GatheringRow:
        with self.ports.database.read() as session:
            newest = session.scalars(select(GatheringRow).order_by(GatheringRow.opened_at.desc())).first()
        assert newest, "no gathering was opened"
        return newest

    @property
    def gathering_id(self) -> str:
        return self.gathering.id

    @property
    def message_id(self) -> str:
        with self.ports.database.read() as session:
            ref = message_of(session, DeliveryKind.GATHERING, self.gathering_id)
        assert ref, "the gathering has no message"
        return ref.message

    def _waiting_jobs(self) -> list[str]:
        waits = JobRow.state.in_((JobState.ACCEPTED, JobState.QUEUED))
        with self.ports.database.read() as session:
            return list(session.scalars(select(JobRow.id).where(waits).order_by(JobRow.created_at)))

    def wants_nothing(self) -> bool:
        """Whether every part that is to be painted has its job."""
        wanted = select(GatheringPartRow.ordinal).where(GatheringPartRow.state == PartState.WANTED)
        with self.ports.database.read() as session:
            return session.scalars(wanted).first() is None

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110 - the database is asked, not an event
                await asyncio.sleep(0.02)


def command_line(command: str, options: Mapping[str, object]) -> str:
    """A command as it is typed, without the slash."""
    spec = find_command(command)
    positional = [str(value) for name, value in options.items() if _is_positional(spec, name)]
    flags = [f"--{name} {value}" for name, value in options.items() if not _is_positional(spec, name)]
    return " ".join([command, *positional, *flags])


def _is_positional(spec: CommandSpec, name: str) -> bool:
    parameter = spec.parameter(name)
    assert parameter, f"/{spec.name} has no option {name}"
    return parameter.positional
