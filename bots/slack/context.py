"""What the parts of the face work with: the studio's ports, the backroom's threads, and the workspaces."""

from dataclasses import dataclass

from bots.runtime.thread_pools import ThreadPools
from bots.slack.workspaces.registry import WorkspaceRegistry
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackContext:
    ports: Ports
    backroom: ThreadPools
    workspaces: WorkspaceRegistry


class SlackComponent:
    """A part of the face, with everything of the premises at hand."""

    def __init__(self, premises: SlackContext) -> None:
        self._ports = premises.ports
        self._backroom = premises.backroom
        self._workspaces = premises.workspaces
