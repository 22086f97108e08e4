"""One installation: its limits, and the implementation of each port."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.db.database import Database
from studio.domain.settings.communities import Tier
from studio.ports.captioner import Captioner
from studio.ports.cases import Desk
from studio.ports.events import Events
from studio.ports.gate import Gate
from studio.ports.generation_options import GenerationOptions
from studio.ports.image_tools import ImageTools
from studio.ports.mailer import Mailer
from studio.ports.prompt_helper import PromptHelper
from studio.ports.provenance import Examiner
from studio.ports.queue import Queue
from studio.ports.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceLimits:
    """Numbers that an administrator may set."""

    monthly_credits: int | None = None  # None: credits are counted and never run out
    max_outstanding_jobs: int = 10  # per person
    max_attempts: int = 8  # leases a job may lose before it counts as failed
    lease_seconds: float = 30.0
    max_pictures: int = 4  # per job
    model_tiers: Mapping[str, Tier] = field(
        default_factory=dict
    )  # the least tier of "model" and "model/lora"
    min_free_disk_bytes: int = 0  # with less nothing new is accepted
    watched_folders: Sequence[Path] = ()  # whose disks count too, beside those of pictures and database
    person_storage_bytes: int | None = (
        None  # of pictures that are not deleted; None: as many as there is room for
    )
    community_storage_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything a command handler may touch."""

    database: Database
    gate: Gate
    queue: Queue
    store: Store
    events: Events
    image_tools: ImageTools
    desk: Desk
    examiner: Examiner
    options: GenerationOptions
    rules: InstanceLimits = InstanceLimits()
    web_url: str = (
        ""  # under which people reach the web front end, without a slash at its end; empty: under none
    )
    prompt_helper: PromptHelper | None = None
    captioner: Captioner | None = None
    mailer: Mailer | None = None
