"""What the loopback Discord remembers: messages, interactions, faults to come."""

import asyncio
import fnmatch
from dataclasses import dataclass, field
from typing import Any

from simcord.components import walk_components


@dataclass(kw_only=True)
class Attachment:
    id: str
    filename: str
    data: bytes = field(repr=False)
    description: str | None = None


@dataclass(kw_only=True)
class Message:
    id: str
    channel: str
    content: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    components: list[Any] = field(default_factory=list)
    embeds: list[Any] = field(default_factory=list)
    flags: int = 0
    thinking: bool = False
    deleted: bool = False
    edited_at: list[float] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & 64)

    @property
    def custom_ids(self) -> list[str]:
        return [
            component["custom_id"]
            for component in walk_components(self.components)
            if "custom_id" in component
        ]

    @property
    def words(self) -> str:
        """The text of the message and of its layout."""
        texts = [
            component["content"]
            for component in walk_components(self.components)
            if component.get("type") == 10
        ]
        return "\n".join([self.content, *texts] if self.content else texts)


@dataclass(kw_only=True)
class Interaction:
    """`acknowledged` is set with the first answer; times are of the monotonic clock."""

    id: str
    token: str
    guild: str
    channel: str
    user: str
    sent_at: float
    expired: bool = False
    may_show: bool = True  # in a foreign server: others may see what an app from elsewhere answers
    answered_at: float | None = None
    message: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: dict[str, Any] | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acknowledgement_seconds(self) -> float:
        assert self.answered_at is not None
        return self.answered_at - self.sent_at


@dataclass(kw_only=True)
class Fault:
    """The next `times` requests that match get this answer instead."""

    method: str
    path: str  # a shell pattern
    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1

    def meets(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("*", method) and fnmatch.fnmatch(path, self.path)


def too_many_requests(
    method: str, path: str, *, times: int, wait_seconds: float = 0.05, scope: str = "user"
) -> Fault:
    """`scope`: of the route's own bucket (user), of everything (global), or of a resource others use too (shared)."""
    headers = {"X-RateLimit-Global": "true"} if scope == "global" else {}
    return Fault(
        method=method,
        path=path,
        status=429,
        body={
            "message": "You are being rate limited.",
            "retry_after": wait_seconds,
            "global": scope == "global",
        },
        headers={"Retry-After": "1", "Via": "1.1 google", "X-RateLimit-Scope": scope, **headers},
        times=times,
    )
