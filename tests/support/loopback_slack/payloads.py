"""The payloads that Slack sends: commands, events, and what people press and submit."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from chatelier.benchmarks.loopback.slack_payloads import slash_command
from tests.support.loopback_slack.records import ANA, BOT_USER, GENERAL, SIGNING_SECRET, TEAM, Message


class SlackPayloads:
    """Builds them; a server says its address and numbers."""

    port: int
    shared: dict[str, bytes]
    _numbers: Iterator[int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def share(self, name: str, data: bytes, **more: Any) -> dict[str, Any]:
        """A file that a person shared, as a message tells of it."""
        self.shared[name] = data
        url = f"{self.url}/files-pri/{name}"
        return {
            "id": f"F0SHARED{next(self._numbers):04d}",
            "mimetype": "image/png",
            "size": len(data),
            "url_private": url,
            "url_private_download": url,
            **more,
        }

    def trigger(self) -> str:
        return f"{next(self._numbers)}.trigger"

    def command(
        self, command: str, text: str, *, user: str = ANA, channel: str = GENERAL, trigger: str | None = None
    ) -> dict[str, Any]:
        trigger = trigger or self.trigger()
        return slash_command(
            command,
            text,
            user=user,
            channel=channel,
            team=TEAM,
            trigger=trigger,
            response_url=f"{self.url}/response/{trigger}",
        )

    def event(self, event: dict[str, Any], *, event_id: str | None = None) -> dict[str, Any]:
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0APP",
            "event_id": event_id or f"Ev{next(self._numbers)}",
            "event": event,
            "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True}],
        }

    def mention(self, text: str, *, user: str = ANA, channel: str = GENERAL, **more: Any) -> dict[str, Any]:
        return self.event(
            {
                "type": "app_mention",
                "user": user,
                "text": f"<@{BOT_USER}> {text}",
                "channel": channel,
                "ts": f"1700000001.{next(self._numbers):06d}",
                "client_msg_id": f"said-{next(self._numbers)}",
                **more,
            }
        )

    def direct(self, text: str, *, user: str = ANA, **more: Any) -> dict[str, Any]:
        return self.event(
            {
                "type": "message",
                "channel_type": "im",
                "user": user,
                "text": text,
                "channel": f"D{user[1:]}",
                "ts": f"1700000001.{next(self._numbers):06d}",
                "client_msg_id": f"said-{next(self._numbers)}",
                **more,
            }
        )

    def opening(self, tab: str = "messages", *, user: str = ANA) -> dict[str, Any]:
        """Somebody opens the app."""
        return self.event({"type": "app_home_opened", "user": user, "channel": f"D{user[1:]}", "tab": tab})

    def reaction(
        self, message: Message, name: str, *, user: str = ANA, kind: str = "reaction_added"
    ) -> dict[str, Any]:
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        return self.event({"type": kind, "user": user, "reaction": name, "item": item, "item_user": BOT_USER})

    def links(self, *addresses: str, user: str = ANA, channel: str = GENERAL, **more: Any) -> dict[str, Any]:
        return self.event(
            {
                "type": "link_shared",
                "user": user,
                "channel": channel,
                "message_ts": f"1700000001.{next(self._numbers):06d}",
                "links": [{"url": address, "domain": "paint.example.org"} for address in addresses],
                **more,
            }
        )

    def press(
        self, message: Message, action: str, *, user: str = ANA, value: str | None = None
    ) -> dict[str, Any]:
        chosen: dict[str, Any] = {"action_id": action, "type": "button", "value": action}
        if value is not None:
            chosen = {"action_id": action, "type": "static_select", "selected_option": {"value": value}}
        if action.startswith("c1f:"):
            chosen = {"action_id": action, "type": "feedback_buttons", "value": value}
        shown = {"ts": message.ts, "text": message.text, "blocks": message.blocks}
        if message.thread_ts:
            shown["thread_ts"] = message.thread_ts
        return {
            **self._interaction("block_actions", user),
            "channel": {"id": message.channel, "name": "general"},
            "message": shown,
            "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
            "actions": [chosen],
        }

    def press_at_home(self, action: str, *, user: str = ANA, value: str | None = None) -> dict[str, Any]:
        chosen: dict[str, Any] = {"action_id": action, "type": "button", "value": action}
        if value is not None:
            chosen = {"action_id": action, "type": "static_select", "selected_option": {"value": value}}
        interaction = self._interaction("block_actions", user)
        del interaction["response_url"]
        return {
            **interaction,
            "container": {"type": "view", "view_id": "V0HOME"},
            "view": {"id": "V0HOME", "type": "home", "callback_id": ""},
            "actions": [chosen],
        }

    def shortcut(
        self, callback_id: str, message: Mapping[str, Any], *, channel: str = GENERAL
    ) -> dict[str, Any]:
        return {
            **self._interaction("message_action", ANA),
            "callback_id": callback_id,
            "channel": {"id": channel, "name": "general"},
            "message_ts": message["ts"],
            "message": dict(message),
        }

    def global_shortcut(self, callback_id: str) -> dict[str, Any]:
        return {**self._interaction("shortcut", ANA), "callback_id": callback_id}

    def submission(
        self, view: Mapping[str, Any], values: Mapping[str, Any], *, user: str = ANA
    ) -> dict[str, Any]:
        """`values` by block: text, or a list for several chosen options."""
        state = {
            block["block_id"]: {
                block["element"]["action_id"]: _filled(block["element"], values.get(block["block_id"]))
            }
            for block in view["blocks"]
            if block["type"] == "input"
        }
        interaction = self._interaction("view_submission", user)
        del interaction["response_url"]
        return {**interaction, "view": {**view, "state": {"values": state}}}

    def _interaction(self, kind: str, user: str) -> dict[str, Any]:
        trigger = self.trigger()
        return {
            "type": kind,
            "team": {"id": TEAM, "domain": "team"},
            "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM},
            "trigger_id": trigger,
            "response_url": f"{self.url}/response/{trigger}",
        }


def _filled(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind in ("multi_static_select", "checkboxes"):
        return {"type": kind, "selected_options": [{"value": option} for option in value or []]}
    if kind == "file_input":
        return {"type": kind, "files": value or []}
    if kind in ("static_select", "radio_buttons"):
        chosen = {"value": value} if value else element.get("initial_option")
        return {"type": kind, "selected_option": chosen}
    if kind == "conversations_select":
        return {"type": kind, "selected_conversation": value}
    return {"type": kind, "value": element.get("initial_value") if value is None else value}


def signed(
    payload: Mapping[str, Any],
    *,
    kind: str = "interactive",
    secret: str = SIGNING_SECRET,
    at: float | None = None,
) -> tuple[bytes, dict[str, str]]:
    """The body and headers with which Slack posts a payload."""
    from urllib.parse import urlencode

    if kind == "events_api":
        body, content_type = json.dumps(payload), "application/json"
    elif kind == "slash_commands":
        body, content_type = urlencode(payload), "application/x-www-form-urlencoded"
    else:
        body = urlencode({"payload": json.dumps(payload)})
        content_type = "application/x-www-form-urlencoded"
    moment = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{moment}:{body}".encode(), hashlib.sha256).hexdigest()
    return body.encode(), {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": moment,
        "X-Slack-Signature": f"v0={digest}",
    }
