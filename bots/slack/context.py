"""What the parts of the face work with: the studio's ports, the backroom's threads, and the workspaces."""

from dataclasses import dataclass

from bots.runtime.thread_pools import ThreadPools
from bots.slack.workspaces.registry import WorkspaceRegistry
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackContext:
    ports: Ports
    pools: ThreadPools
    workspaces: WorkspaceRegistry


class SlackComponent:
    """A part of the face, with everything of the premises at hand."""

    def __init__(self, context: SlackContext) -> None:
        self._ports = context.ports
        self._pools = context.pools
        self._workspaces = context.workspaces
