"""One click, command, message or reaction, whatever its payload looked like."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST_KEY = 190


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackRequest:
    """Who asked, from where, and how to answer them in private.

    `key` is the same however often Slack repeats the delivery. `response_url` serves a few private answers.
    `thread` is the root message of the thread that the answer belongs to.
    """

    key: str
    team: str
    user: str
    enterprise: str | None = None
    user_name: str = ""
    channel: str | None = None
    thread: str | None = None
    response_url: str | None = None
    trigger_id: str = ""

    @property
    def community(self) -> str:
        """Where the answer goes: a workspace, on an Enterprise Grid with its organisation."""
        return f"{self.enterprise}:{self.team}" if self.enterprise else self.team

    @property
    def at_home(self) -> bool:
        """Asked on the Home tab, which is in no channel."""
        return self.channel is None

    @property
    def in_private(self) -> bool:
        """Asked in the app's own direct messages."""
        return bool(self.channel and self.channel.startswith("D"))


def of_command(body: Mapping[str, Any]) -> SlackRequest:
    """A slash command."""
    return SlackRequest(
        key=_key("trigger", body["trigger_id"]),
        team=str(body["team_id"]),
        enterprise=body.get("enterprise_id") or None,
        user=str(body["user_id"]),
        user_name=str(body.get("user_name", "")),
        channel=body.get("channel_id"),
        response_url=body.get("response_url"),
        trigger_id=str(body["trigger_id"]),
    )


def of_interaction(body: Mapping[str, Any]) -> SlackRequest:
    """A button, a select or a shortcut."""
    message: Mapping[str, Any] = body.get("message") or {}
    container: Mapping[str, Any] = body.get("container") or {}
    channel: Mapping[str, Any] = body.get("channel") or {}
    trigger_id = str(body.get("trigger_id", ""))
    return SlackRequest(
        key=_key("trigger", trigger_id),
        **_who(body),
        channel=channel.get("id") or container.get("channel_id"),
        thread=message.get("thread_ts") or container.get("thread_ts"),
        response_url=body.get("response_url"),
        trigger_id=trigger_id,
    )


def of_submission(body: Mapping[str, Any], *, channel: str | None, thread: str | None) -> SlackRequest:
    """A submitted modal. Its view is the key: submitted twice, it is still one request."""
    return SlackRequest(
        key=_key("view", body["view"]["id"]),
        **_who(body),
        channel=channel,
        thread=thread,
        trigger_id=str(body.get("trigger_id", "")),
    )


def of_message(body: Mapping[str, Any]) -> SlackRequest:
    """A mention or a direct message. Slack may send several events for one message."""
    event: Mapping[str, Any] = body["event"]
    client_id = event.get("client_msg_id")
    return SlackRequest(
        key=_key("message", f"{event['channel']}:{client_id or event['ts']}"),
        **_where(body, event),
        user=str(event["user"]),
        channel=str(event["channel"]),
        thread=event.get("thread_ts"),
    )


def of_reaction(body: Mapping[str, Any], *, thread: str | None = None) -> SlackRequest:
    event: Mapping[str, Any] = body["event"]
    return SlackRequest(
        key=_key("event", body["event_id"]),
        **_where(body, event),
        user=str(event["user"]),
        channel=str(event["item"]["channel"]),
        thread=thread,
    )


def of_link(body: Mapping[str, Any]) -> SlackRequest:
    """Links that somebody posted, or types."""
    event: Mapping[str, Any] = body["event"]
    return SlackRequest(
        key=_key("event", body["event_id"]), **_where(body, event), user=str(event.get("user") or "")
    )


def of_opening(body: Mapping[str, Any]) -> SlackRequest:
    """A tab of the app was opened; `channel` is that of the app's direct messages."""
    event: Mapping[str, Any] = body["event"]
    return SlackRequest(
        key=_key("event", body["event_id"]),
        **_where(body, event),
        user=str(event["user"]),
        channel=event.get("channel"),
    )


def _who(body: Mapping[str, Any]) -> dict[str, Any]:
    """A user of another organisation, in a shared channel, acts in the workspace of the app that they use."""
    user: Mapping[str, Any] = body["user"]
    team: Mapping[str, Any] = body.get("team") or {}
    enterprise: Mapping[str, Any] = body.get("enterprise") or {}
    view: Mapping[str, Any] = body.get("view") or {}
    message: Mapping[str, Any] = body.get("message") or {}
    ours = message.get("app_id") is not None and message.get("app_id") == body.get("api_app_id")
    home = view.get("app_installed_team_id") or (message.get("team") if ours else None)
    return {
        "team": str(home or team.get("id") or user.get("team_id") or ""),
        "enterprise": enterprise.get("id"),
        "user": str(user["id"]),
        "user_name": str(user.get("name") or user.get("username") or ""),
    }


def _where(body: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """The workspace whose app received an event: in a shared channel it may differ from the sender's."""
    heard: Mapping[str, Any] = (body.get("authorizations") or [{}])[0]
    team = None if heard.get("is_enterprise_install") else heard.get("team_id")
    return {
        "team": str(team or body.get("team_id") or event.get("team") or ""),
        "enterprise": heard.get("enterprise_id") or body.get("enterprise_id") or None,
    }


def _key(kind: str, value: object) -> str:
    return f"slack:{kind}:{value}"[:_LONGEST_KEY]
