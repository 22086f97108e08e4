"""The work that an installation does all day, each piece as its front ends and its maintenance call it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from bots.queries.job_view import load_job_views
from chatelier.benchmarks.database_size.bulk_fill import (
    PLACE,
    Size,
    done_job,
    person,
    picture_file,
    waiting_job,
)
from chatelier.benchmarks.database_size.open_ports import ListedStore, SilentQueue
from engine.maintenance.job_sweeper import Sweeper
from engine.maintenance.orphan_files import OrphanFileCleaner
from studio.clock import now
from studio.commands.completion.finders import FINDERS, FINDERS_BY_KIND, earlier_prompts, own_pictures
from studio.commands.registry import CATALOG, execute
from studio.commands.spec import Call
from studio.db import credit_ledger, job_transitions, outbox, queries
from studio.db.queue.community_turns import choose_job
from studio.db.queue_estimates import outlook
from studio.ports import Ports

_MODERATOR = person(0, moderator=True)


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One filled database. Each call of an operation takes other rows than the one before."""

    ports: Ports
    size: Size
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _queue: SilentQueue = field(default_factory=SilentQueue)

    def __post_init__(self) -> None:
        self._queue.messages = frozenset(waiting_job(number) for number in range(self.size.waiting))

    def operations(self) -> dict[str, Callable[[], Any]]:
        return {
            "submit": self.submit,
            "outlook of the last in the queue": self.outlook,
            "history": self.history,
            "autocomplete": self.autocomplete,
            "wall": self.wall,
            "balance": self.balance,
            "deletion by the owner": self.delete,
            "deletion by a moderator": self.take_down,
            "orphan files": self.clear,
            "claim of a job": self.claim,
            "sweeper, six times": self.sweep,
            "outbox": self.outbox,
        }

    def submit(self) -> None:
        number = next(self._numbers)
        asked = {"prompt": f"a red fox {number}", "count": 1}
        execute(self.ports, self._call(number), "imagine", asked)

    def outlook(self) -> None:
        with self.ports.database.read() as session:
            outlook(session, waiting_job(self.size.waiting - 1))

    def history(self) -> None:
        execute(self.ports, self._call(next(self._numbers)), "history", {})

    def autocomplete(self) -> None:
        call, spec = self._call(next(self._numbers)), CATALOG["vary"]
        with self.ports.database.read() as session:
            for find in (*FINDERS.values(), *FINDERS_BY_KIND.values(), earlier_prompts, own_pictures):
                find(session, call, spec)

    def wall(self) -> None:
        with self.ports.database.read() as session:
            load_job_views(session, queries.recent_jobs(session, person(1), limit=20))

    def balance(self) -> None:
        with self.ports.database.read() as session:
            for read in (credit_ledger.balance, credit_ledger.used_credits, credit_ledger.gifts):
                read(session, person(next(self._numbers) % self.size.people).key, at=now())

    def delete(self) -> None:
        number = next(self._numbers)
        execute(self.ports, self._call(number), "delete", {"what": f"{done_job(number)}.1"})

    def take_down(self) -> None:
        number = next(self._numbers)
        call = Call(person=_MODERATOR, address=PLACE, request_key=f"take down:{number}")
        execute(self.ports, call, "delete", {"what": f"{done_job(number)}.1"})

    def clear(self) -> None:
        store = ListedStore()
        store.keys = [picture_file(number) for number in range(200, 300)]
        OrphanFileCleaner(database=self.ports.database, store=store).clear()

    def claim(self) -> None:
        """What a worker does with a message, and undoes again."""
        job_id = waiting_job(next(self._numbers) % self.size.waiting)
        with self.ports.database.begin() as session:
            chosen = choose_job(session, job_id, at=now())
            job_transitions.take_lease(session, chosen or job_id, worker="w", at=now(), lease_seconds=60)
            session.rollback()

    def sweep(self) -> None:
        """Half a minute of it: once it asks the queue for the messages of all that wait."""
        sweeper = Sweeper(
            database=self.ports.database, queue=self._queue, events=self.ports.events, rules=self.ports.rules
        )
        for _ in range(6):
            sweeper.sweep()

    def outbox(self) -> None:
        outbox.send_undelivered(self.ports.database, self.ports.events, at=now())
        outbox.send_unsent(self.ports.database, self.ports.events, before=now() - timedelta(seconds=3))

    def _call(self, number: int) -> Call:
        """By the person whose job has this number."""
        who = person(number % self.size.people)
        return Call(person=who, address=PLACE, request_key=f"bench:{number}")
