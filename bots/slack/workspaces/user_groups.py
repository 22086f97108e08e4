"""User groups of a workspace: who is in which. A community may map them to tiers; some may moderate."""

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bots.slack.api.client import SlackError
from bots.slack.api.request import SlackRequest
from bots.slack.context import WorkspaceRegistry

_KEPT_SECONDS = 10 * 60

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    at: float
    members: Mapping[str, frozenset[str]]  # group id → its members


class UserGroups:
    """`moderators` are groups by id (``S…``) or handle."""

    def __init__(self, workspaces: WorkspaceRegistry, moderators: Collection[str]) -> None:
        self._workspaces = workspaces
        self._moderators = frozenset(handle.removeprefix("@") for handle in moderators)
        self._known: dict[str, _Known] = {}

    async def of(self, request: SlackRequest) -> frozenset[str]:
        """The ids and handles of a person's groups; none while Slack does not answer."""
        known = self._known.get(request.community)
        if known is None or time.monotonic() - known.at > _KEPT_SECONDS:
            known = self._known[request.community] = await self._look_up(request, known)
        return frozenset(group for group, members in known.members.items() if request.user in members)

    def moderate(self, groups: Collection[str]) -> bool:
        return bool(self._moderators & set(groups))

    async def _look_up(self, request: SlackRequest, known: _Known | None) -> _Known:
        """What was known stays when Slack refuses, as it does on plans without groups and without the scope."""
        try:
            workspace = await self._workspaces.of(request.community)
            team = request.team if workspace.identity.enterprise else None  # the organisation has many
            answer = await workspace.client.call(
                "usergroups.list", patient=False, include_users="true", team_id=team
            )
        except SlackError as error:
            log.info("user group lookup failed: %s", error)
            return _Known(at=time.monotonic(), members=known.members if known else {})
        members: dict[str, frozenset[str]] = {}
        for group in answer.get("usergroups", ()):
            members |= dict.fromkeys(_names(group), frozenset(map(str, group.get("users") or ())))
        return _Known(at=time.monotonic(), members=members)


def _names(group: Mapping[str, Any]) -> list[str]:
    return [str(name) for name in (group.get("id"), group.get("handle")) if name]
