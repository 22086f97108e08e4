"""A provider of accounts on the loopback address: Discord's OAuth 2.0, and Slack's OpenID Connect."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bots.web.oauth_provider import DiscordActivity, OAuthProvider
from tests.support.loopback_http import listening

CLIENT_ID, CLIENT_SECRET = "77001", "only for the tests"
BOT_TOKEN = "a bot's, only for the tests"


@dataclass
class AccountProvider:
    """Whoever is sent here is `account`. `trouble` is answered instead of a token, an account or to a bot.

    `for_bots` is what a bot is told of Activities and servers, by path.
    """

    account: dict[str, Any] = field(default_factory=lambda: {"id": "8123", "global_name": "Ana"})
    trouble: tuple[int, bytes] | None = None
    trouble_at: str = "token"
    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    for_bots: dict[str, dict[str, Any]] = field(default_factory=dict)

    def discord(self) -> OAuthProvider:
        return OAuthProvider.discord(
            client_id=CLIENT_ID, client_secret=CLIENT_SECRET, api_url=f"{self.url}/api/v10"
        )

    def activity(self) -> DiscordActivity:
        api = f"{self.url}/api/v10"
        return DiscordActivity(provider=self.discord(), bot_token=BOT_TOKEN, api_url=api)

    def run_activity(self, instance: str, *, server: str, users: list[str], members: list[str]) -> None:
        """Discord knows of an instance in a channel of a server, of those who take part, and of its members."""
        location = {"id": f"gc-{server}-9", "kind": "gc", "channel_id": "9", "guild_id": server}
        self.for_bots[f"/applications/{CLIENT_ID}/activity-instances/{instance}"] = {
            "application_id": CLIENT_ID,
            "instance_id": instance,
            "launch_id": "12",
            "location": location,
            "users": users,
        }
        for user in members:
            self.for_bots[f"/guilds/{server}/members/{user}"] = {"user": {"id": user}, "roles": []}

    def slack(self) -> OAuthProvider:
        return OAuthProvider.slack(
            client_id=CLIENT_ID, client_secret=CLIENT_SECRET, api_url=f"{self.url}/api"
        )

    def authorize(self, url: str) -> str:
        """What the person's yes leads to: the address that the provider sends the browser back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = self.code_for(asked)
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def code_for(self, asked: dict[str, str]) -> str:
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return code

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)  # a code is good for once
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proved = asked and base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        same = asked and form.get("redirect_uri") == asked.get("redirect_uri")
        if not proved or not same or form.get("client_secret") != CLIENT_SECRET:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opens the account", "token_type": "Bearer", "expires_in": 600}


@contextmanager
def account_provider() -> Iterator[AccountProvider]:
    provider = AccountProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith(("/oauth2/authorize", "/openid/connect/authorize")):
                self.send_response(302)
                self.send_header("Location", provider.authorize(self.path))
                self.end_headers()
            elif self.headers["Authorization"] == f"Bot {BOT_TOKEN}":
                found = provider.for_bots.get(self.path.removeprefix("/api/v10"))
                self._answer_unless("bots", 200 if found else 404, found or {"code": 10004})
            elif self.headers["Authorization"] != "Bearer opens the account":
                self._answer(401, b"{}")
            else:
                self._answer_unless("account", 200, provider.account)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer_unless("token", *provider.token(form))

        def _answer_unless(self, at: str, status: int, data: dict[str, Any]) -> None:
            if provider.trouble and provider.trouble_at == at:
                self._answer(*provider.trouble)
            else:
                self._answer(status, json.dumps(data).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with listening(Handler) as provider.url:
        yield provider
