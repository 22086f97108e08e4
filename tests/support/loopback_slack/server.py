"""A Slack of the tests' own on the loopback: Web API, socket, file host, and the payloads that it sends.

It is strict where Slack is: blocks and views are checked with slack_sdk's models, a file can be shown only when
it was uploaded, completed and looked over, and nobody writes in a channel without being a member.
"""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import aiohttp
from aiohttp import web

from tests.support.block_kit import check_blocks, check_view, files_of
from tests.support.loopback_slack.payloads import SlackPayloads
from tests.support.loopback_slack.records import (
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    BOT_USER,
    CLIENT_ID,
    CLIENT_SECRET,
    GENERAL,
    MOD,
    MODERATORS,
    PATIENCE_SECONDS,
    PRIVATE,
    STRANGE,
    STRANGE_DM,
    TEAM,
    Message,
    Refusal,
    said,
)
from tests.support.loopback_slack.requests import check_links, client_of, read_arguments


class LoopbackSlack(SlackPayloads):
    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.whispers: list[dict[str, Any]] = []  # ephemeral ones, through the API or a response_url
        self.calls: list[tuple[float, str, dict[str, Any]]] = []
        self.bearers: list[tuple[str, str]] = []  # method and token of each call
        self.installers: dict[str, dict[str, Any]] = {}  # what a code, or a refresh token, is good for
        self.files: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, dict[str, Any]] = {}  # files that were there once
        self.unfurls: dict[str, list[dict[str, Any]]] = {}  # what stands below links, by their addresses
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.statuses: list[tuple[str, str]] = []  # of the agent view: thread and status
        self.suggested: dict[str, str] = {}  # the prompts that it offers: title and message
        self.acks: dict[str, tuple[float, Any]] = {}
        self.sent_at: dict[str, float] = {}
        self.members = {GENERAL, PRIVATE, MODERATORS}
        self.made_private = {MODERATORS}  # of the channels whose ids look public
        self.refusals: dict[str, deque[Refusal]] = defaultdict(deque)
        self.silent: set[str] = set()  # methods that are carried out and never answered
        self.lost: set[str] = set()  # methods that are carried out once, and whose answer is lost
        self.polls = 0  # looks at files, which stand for time
        self.polls_until_ready = 0
        self.closed_views = False
        self.sockets: list[web.WebSocketResponse] = []
        self.opened_sockets = 0
        self.tokens = {BOT_TOKEN, APP_TOKEN}
        self.downloads: list[tuple[str, str]] = []  # path, authorization
        self.shared: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.groups: dict[str, list[str]] = {}  # user groups: handle → members
        self.people: dict[str, dict[str, Any]] = {}  # what users.info says of somebody beyond their name
        self.scopes = ""  # what auth.test says was granted
        self.port = 0
        self._numbers = count(1)
        self._acknowledged: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    # ---- the server

    @asynccontextmanager
    async def open(self) -> AsyncIterator["LoopbackSlack"]:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_get("/files-pri/{name}", self._download)
        app.router.add_post("/response/{visit}", self._response)
        app.router.add_get("/link", self._link)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            for socket in self.sockets:
                await socket.close()
            await runner.cleanup()
        assert not self.faults, self.faults

    def empty(self) -> None:
        """Nobody has said anything yet; sockets stay open."""
        for preserved in (
            self.messages,
            self.whispers,
            self.calls,
            self.bearers,
            self.downloads,
            self.statuses,
        ):
            preserved.clear()
        for named in (
            self.files,
            self.deleted,
            self.views,
            self.homes,
            self.acks,
            self.sent_at,
            self.refusals,
        ):
            named.clear()

    @property
    def api_url(self) -> str:
        return f"{self.url}/api"

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await read_arguments(request)
        self.calls.append((time.monotonic(), method, arguments))
        self.bearers.append((method, request.headers.get("Authorization", "").removeprefix("Bearer ")))
        if self.refusals[method]:
            refusal = self.refusals[method].popleft()
            return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method == "oauth.v2.access":
            arguments |= client_of(token)
        elif token not in self.tokens:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        try:
            answer = handler(arguments) if handler else {"ok": False, "error": "unknown_method"}
        except Exception as error:
            self.faults.append(f"{method}: {error!r}")
            raise
        if method in self.silent:
            await asyncio.sleep(3600)
        if method in self.lost and request.transport:
            self.lost.remove(method)
            request.transport.close()
        headers = {"x-oauth-scopes": self.scopes} if self.scopes else {}
        return web.json_response(answer if "ok" in answer else {"ok": True, **answer}, headers=headers)

    def refuse(self, method: str, error: str, times: int = 1) -> None:
        self.refusals[method] += [Refusal(body={"ok": False, "error": error}) for _ in range(times)]

    def rate_limit(self, method: str, seconds: float, times: int = 1) -> None:
        body = {"ok": False, "error": "ratelimited"}
        headers = {"Retry-After": f"{seconds:g}"}
        self.refusals[method] += [Refusal(status=429, body=body, headers=headers) for _ in range(times)]

    def _auth_test(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "user": "chatelier"}

    def _oauth_v2_access(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if (arguments["client_id"], arguments["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return {"ok": False, "error": "bad_client_secret"}
        answer = self.installers.pop(arguments.get("code") or arguments.get("refresh_token", ""), None)
        if answer is None:
            return {"ok": False, "error": "invalid_code"}
        self.tokens.add(answer["access_token"])
        return answer

    def granting(
        self, code: str, token: str, *, team: str | None = TEAM, enterprise: str | None = None, **more: Any
    ) -> None:
        """Somebody said yes on Slack's page: `code` is good for a token. Without a team it is the organisation's."""
        self.installers[code] = {
            "app_id": "A0APP",
            "token_type": "bot",
            "access_token": token,
            "scope": "chat:write",
            "bot_user_id": BOT_USER,
            "team": {"id": team, "name": "The Team"} if team else None,
            "enterprise": {"id": enterprise, "name": "The Estate"} if enterprise else None,
            "is_enterprise_install": team is None,
            "authed_user": {"id": MOD},
            **more,
        }

    def _users_info(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        user = arguments["user"]
        name = user.removeprefix("U0").title()
        profile = {"display_name": name}
        known = {"is_admin": user == MOD, "is_bot": user == BOT_USER, "team_id": TEAM}
        return {"user": {"id": user, "profile": profile, **known, **self.people.get(user, {})}}

    def _conversations_info(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = arguments["channel"]
        if channel not in (GENERAL, STRANGE, MODERATORS):
            return {"ok": False, "error": "channel_not_found"}
        return {"channel": {"id": channel, "is_private": channel in self.made_private}}

    def _users_conversations(self, _: Mapping[str, Any]) -> dict[str, Any]:
        public = sorted(self.members & {GENERAL, STRANGE})
        return {
            "channels": [{"id": channel, "name": channel.removeprefix("C0").lower()} for channel in public]
        }

    def _usergroups_list(self, _: Mapping[str, Any]) -> dict[str, Any]:
        groups = [
            {"id": f"S0{name.upper()}", "handle": name, "users": users} for name, users in self.groups.items()
        ]
        return {"usergroups": groups}

    def _conversations_history(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._said(arguments, None)

    def _conversations_open(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        assert arguments["prevent_creation"], "the app begins no conversation that way"
        home = f"D{arguments['users'][1:]}"
        there = any(message.channel == home for message in self.messages)
        return {"channel": {"id": home}} if there else {"ok": False, "error": "channel_not_found"}

    def _conversations_replies(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._said(arguments, arguments["ts"])

    def _said(self, arguments: Mapping[str, Any], thread: str | None) -> dict[str, Any]:
        found = [
            {
                "type": "message",
                "user": BOT_USER,
                "ts": message.ts,
                "text": message.text,
                "blocks": message.blocks,
                "metadata": message.metadata,
            }
            for message in reversed(self.messages)
            if (message.channel, message.thread_ts) == (arguments["channel"], thread)
            and arguments.get("latest") in (None, message.ts)
        ]
        return {"messages": found[: int(arguments["limit"])]}

    def _apps_connections_open(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": f"ws://127.0.0.1:{self.port}/link?ticket={next(self._numbers)}"}

    def _chat_postMessage(self, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        channel = arguments["channel"]
        if channel.startswith("U"):
            channel = f"D{channel[1:]}"
        elif channel == STRANGE_DM:
            return {"ok": False, "error": "channel_not_found"}
        elif not channel.startswith("D") and channel not in self.members:
            return {"ok": False, "error": "not_in_channel"}
        if fault := self._fault(arguments.get("blocks", [])):
            return fault
        message = Message(
            channel=channel,
            ts=f"1700000000.{next(self._numbers):06d}",
            text=arguments["text"],
            blocks=arguments["blocks"],
            thread_ts=arguments.get("thread_ts"),
            metadata=arguments.get("metadata") or {},
        )
        message.edits.append((time.monotonic(), message.blocks))
        self.messages.append(message)
        return {"channel": channel, "ts": message.ts}

    def _chat_update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        check_links(arguments)
        message = self.find(arguments["channel"], arguments["ts"])
        if message is None:
            return {"ok": False, "error": "message_not_found"}
        if message.channel[0] in "CG" and message.channel not in self.members:
            return {"ok": False, "error": "channel_not_found"}
        if fault := self._fault(arguments["blocks"]):
            return fault
        message.text, message.blocks = arguments["text"], arguments["blocks"]
        message.edits.append((time.monotonic(), message.blocks))
        return {"channel": message.channel, "ts": message.ts}

    def _chat_delete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        message = self.find(arguments["channel"], arguments["ts"])
        if message is None:
            return {"ok": False, "error": "message_not_found"}
        self.messages.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def _chat_postEphemeral(self, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        check_links(arguments)
        if arguments["channel"] not in self.members:
            return {"ok": False, "error": "not_in_channel"}
        if fault := self._fault(arguments.get("blocks", [])):
            return fault
        self.whispers.append(dict(arguments))
        return {"message_ts": f"1700000000.{next(self._numbers):06d}"}

    def _assistant_threads_setStatus(self, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        """https://docs.slack.dev/reference/methods/assistant.threads.setStatus"""
        assert arguments["channel_id"].startswith("D")
        self.statuses.append((arguments["thread_ts"], arguments["status"]))
        return {}

    def _assistant_threads_setSuggestedPrompts(self, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        """https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts"""
        assert "thread_ts" not in arguments, "with it the call fails silently in the agent view"
        assert 1 <= len(arguments["prompts"]) <= 4
        self.suggested = {prompt["title"]: prompt["message"] for prompt in arguments["prompts"]}
        return {}

    def _chat_unfurl(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.slack.dev/reference/methods/chat.unfurl"""
        assert {"channel", "ts"} <= arguments.keys() or {"unfurl_id", "source"} <= arguments.keys()
        for address, unfurl in arguments["unfurls"].items():
            if fault := self._fault(unfurl["blocks"]):
                return fault
            self.unfurls[address] = unfurl["blocks"]
        return {}

    def _files_getUploadURLExternal(self, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        file = f"F0FILE{next(self._numbers):06d}"
        self.files[file] = {"id": file, "length": int(arguments["length"]), "name": arguments["filename"]}
        return {"file_id": file, "upload_url": f"{self.url}/upload/{file}"}

    async def _upload(self, request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers, "the token goes to the Web API only"
        file = self.files[request.match_info["file"]]
        file["data"], file["uploaded_as"] = await request.read(), request.content_type
        assert len(file["data"]) == file["length"]
        return web.Response(text=f"OK - {file['length']}")

    def _files_completeUploadExternal(self, arguments: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802
        for file in arguments["files"]:
            shared = {name: arguments[name] for name in ("channel_id", "thread_ts") if name in arguments}
            self.files[file["id"]].update(completed_at=self.polls, **shared)
        return {"files": [self._file_state(file["id"]) for file in arguments["files"]]}

    def _files_delete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        file = self.files.pop(arguments["file"], None)
        if file is None:
            return {"ok": False, "error": "file_not_found"}
        self.deleted[file["id"]] = file
        return {}

    def _files_info(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        file = self.files.get(arguments["file"])
        if file is None or "url_private" in file:
            return {"file": file} if file else {"ok": False, "error": "file_not_found"}
        self.polls += 1
        return {"file": self._file_state(file["id"])}

    def _file_state(self, file: str) -> dict[str, Any]:
        return {"id": file, "mimetype": "image/png" if self._is_ready(self.files[file]) else ""}

    def _is_ready(self, file: Mapping[str, Any]) -> bool:
        return "completed_at" in file and self.polls - file["completed_at"] > self.polls_until_ready

    def _views_open(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if self.closed_views:
            return {"ok": False, "error": "expired_trigger_id"}
        view = {**arguments["view"], "id": f"V{next(self._numbers)}", "team_id": TEAM}
        if fault := self._fault_of_view(view):
            return fault
        self.views[view["id"]] = view
        return {"view": view}

    def _views_update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if arguments["view_id"] not in self.views:
            return {"ok": False, "error": "not_found"}
        view = {**arguments["view"], "id": arguments["view_id"], "team_id": TEAM}
        if fault := self._fault_of_view(view):
            return fault
        self.views[view["id"]] = view
        return {"view": view}

    def _views_publish(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if fault := self._fault_of_view(arguments["view"]):
            return fault
        self.homes[arguments["user_id"]].append(arguments["view"])
        return {"view": arguments["view"]}

    def _fault_of_view(self, view: Mapping[str, Any]) -> dict[str, Any] | None:
        check_view(view)
        return self._fault(view["blocks"], kind="view")

    def _fault(self, blocks: list[dict[str, Any]], kind: str = "message") -> dict[str, Any] | None:
        """Slack's refusal of a picture that is not there yet; anything else wrong fails the test."""
        check_blocks(blocks, kind=kind)
        for name in files_of(blocks):
            file = self.files.get(name)
            if file is None or not self._is_ready(file):
                self.polls += 1
                return {"ok": False, "error": "invalid_blocks", "errors": [f"invalid slack file {name}"]}
        return None

    async def _response(self, request: web.Request) -> web.Response:
        message = await request.json()
        try:
            refused = self._fault(message.get("blocks", []))
        except AssertionError as error:
            self.faults.append(f"response_url: {error}")
            raise
        if refused:
            return web.Response(status=400)
        self.whispers.append({"visit": request.match_info["visit"], **message})
        return web.Response(text="ok")

    async def _download(self, request: web.Request) -> web.Response:
        self.downloads.append((request.path, request.headers.get("Authorization", "")))
        data = self.shared.get(request.match_info["name"])
        if data is None:
            return web.Response(status=404)
        return web.Response(body=data, content_type="image/png")

    # ---- the socket

    async def _link(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.opened_sockets += 1
        await socket.send_json({"type": "hello", "num_connections": len(self.sockets)})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                answer = json.loads(message.data)
                envelope = answer["envelope_id"]
                self.acks[envelope] = (time.monotonic(), answer.get("payload"))
                self._acknowledged[envelope].set()
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    async def envelope(
        self,
        kind: str,
        payload: Mapping[str, Any],
        *,
        retry: int = 0,
        envelope_id: str | None = None,
        socket: int = -1,
    ) -> Any:
        """Send one over a socket, the newest or by its place, and wait for its acknowledgement, whose payload is the
        answer.
        """
        envelope_id = envelope_id or f"envelope-{next(self._numbers)}"
        self._acknowledged[envelope_id].clear()
        await self.until(lambda: bool(self.sockets))
        self.sent_at.setdefault(envelope_id, time.monotonic())
        message = {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            "accepts_response_payload": True,
        }
        if retry:
            message |= {"retry_attempt": retry, "retry_reason": "timeout"}
        await self.sockets[socket].send_json(message)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._acknowledged[envelope_id].wait()
        return self.acks[envelope_id][1]

    async def refresh(self) -> None:
        """Ask the app to connect anew, as Slack does every few hours."""
        before = self.opened_sockets
        await self.sockets[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})
        await self.until(lambda: self.opened_sockets > before)

    def slowest_ack_seconds(self) -> float:
        return max((at - self.sent_at[envelope] for envelope, (at, _) in self.acks.items()), default=0.0)

    # ---- what a test asks

    def find(self, channel: str, ts: str) -> Message | None:
        return next(
            (message for message in self.messages if (message.channel, message.ts) == (channel, ts)), None
        )

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for _, name, arguments in self.calls if name == method]

    def whispered(self) -> list[str]:
        return [said(whisper.get("blocks", [])) or whisper.get("text", "") for whisper in self.whispers]

    async def until(self, holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - state is asked, not an event
                await asyncio.sleep(0.02)
