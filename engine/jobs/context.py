"""What the stages of a job in the worker share."""

from dataclasses import dataclass

from studio.db.database import Database
from studio.ports import Captioner, Events, Gate, InstanceLimits, Queue, Signer, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """The services of one worker process. `name` is the worker's in leases; without a `signer` nothing is signed, and
    without a `captioner` nothing is described."""

    name: str
    database: Database
    store: Store
    gate: Gate
    events: Events
    queue: Queue
    rules: InstanceLimits
    signer: Signer | None = None
    captioner: Captioner | None = None
