"""Rooms for tests: the real app on the fakes, and people who come in through its front page."""

import json
import re
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from types import TracebackType
from typing import Any, Self

from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from bots.web import WebSettings, create_app
from studio.ports import Ports

HOST = "127.0.0.1:8080"
ADDRESS = f"http://{HOST}"
SOCKET = f"ws://{HOST}/room"
_wishes = count(1)


def web_settings(**changes: Any) -> WebSettings:
    return WebSettings(**{"secret_key": "only for the tests", **changes})


class Browser:
    """One browser: its cookies, the page it was given, and its socket."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self._stack = ExitStack()
        self._socket: WebSocketTestSession | None = None
        self._overtaking: deque[Any] = deque()  # came before the answer to a wish, and was not looked at yet
        self.wall = ""

    def front_page(self) -> str:
        return self.client.get("/", headers={"accept": "text/html"}).text

    def enter(self, name: str, word: str = "") -> Any:
        token = re.search(r'name="token" value="([^"]+)"', self.front_page())
        assert token
        fields = {"token": token[1], "name": name, "word": word}
        return self.client.post("/enter", data=fields, headers={"origin": ADDRESS}, follow_redirects=False)

    @property
    def token(self) -> str:
        """The form token of the open room."""
        found = re.search(r'data-token="([^"]+)"', self.front_page())
        assert found
        return found[1]

    @property
    def user_id(self) -> str:
        found = re.search(r'"me":"(\w+)"', self.front_page())
        assert found
        return found[1]

    def post(self, path: str, body: bytes | str = b"", **headers: str) -> Any:
        sent = {"origin": ADDRESS, "x-form-token": self.token, **headers}
        return self.client.post(path, content=body, headers=sent)

    # ---- the socket

    def connect(self) -> Self:
        opening = self.client.websocket_connect(SOCKET, headers={"origin": ADDRESS})
        self._socket = self._stack.enter_context(opening)
        self.wall = self.hear("wall")["html"]
        return self

    def send(self, message: dict[str, Any] | str) -> None:
        assert self._socket
        self._socket.send_text(message if isinstance(message, str) else json.dumps(message))

    def hear(self, kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next message of a kind; what comes before it is passed over."""
        assert self._socket
        while True:
            message = self._overtaking.popleft() if self._overtaking else self._socket.receive_json()
            if message["type"] == kind and wanted(message):
                return message

    def ask(self, *, wish_id: str | None = None, **message: Any) -> Any:
        """Send a wish and hear its answer. What overtakes the answer is heard next."""
        assert self._socket
        wish_id = wish_id or f"wish-{next(_wishes):08d}"
        self._overtaking.clear()
        self.send({"id": wish_id, **message})
        while True:
            heard = self._socket.receive_json()
            if heard["type"] == "answer" and heard["id"] == wish_id:
                return heard
            self._overtaking.append(heard)

    def say(self, text: str, **more: Any) -> Any:
        return self.ask(do="say", text=text, **more)

    def press(self, button: object) -> Any:
        return self.ask(do="press", button=str(button))

    def card(self, job_id: str, state: str) -> str:
        """The card of a job, once it is in this state."""

        def shows(message: Any) -> bool:
            return any(_is(card, job_id, state) for card in message["cards"])

        cards = self.hear("cards", shows)["cards"]
        html: str = next(card["html"] for card in cards if _is(card, job_id, state))
        return html

    def gone(self, job_id: str) -> bool:
        """Waits until the room takes the card away."""
        return bool(self.hear("cards", lambda message: job_id in message["gone"]))

    def closed(self) -> int:
        """The code with which the room closes the socket; what comes before it is passed over."""
        assert self._socket
        try:
            while True:
                self._socket.receive_json()
        except WebSocketDisconnect as end:
            return end.code

    def disconnect_and_come_back(self) -> Self:
        self.disconnect()
        return self.connect()

    def disconnect(self) -> None:
        self._stack.close()
        self._socket = None
        self._overtaking.clear()


def _is(card: dict[str, Any], job_id: str, state: str) -> bool:
    return bool(card["id"] == job_id and card["state"] == state)


class WebServer:
    """The web front end, serving; `browser()` gives a new browser that has not entered yet."""

    def __init__(self, ports: Ports, settings: WebSettings) -> None:
        self.ports = ports
        self.app = create_app(ports, settings)
        self._first = TestClient(self.app, base_url=ADDRESS)
        self._browsers: list[Browser] = []

    def __enter__(self) -> Self:
        self._first.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for browser in self._browsers:
            browser.disconnect()
        self._first.__exit__(kind, error, trace)

    def browser(self, address: str = "127.0.0.1", headers: dict[str, str] | None = None) -> Browser:
        """`address` is that of its connection; `headers` go along with every request."""
        client = TestClient(
            self.app,
            base_url=ADDRESS,
            raise_server_exceptions=False,
            client=(address, 50_000),
            headers=headers,
        )
        client.portal = self._first.portal  # one event loop for all
        self._browsers.append(Browser(client))
        return self._browsers[-1]

    def user(self, name: str, word: str = "") -> Browser:
        """A browser that is in."""
        browser = self.browser()
        assert browser.enter(name, word).status_code == 303
        return browser

    def guest(self, name: str, word: str = "") -> Browser:
        """A browser that is in and connected."""
        return self.user(name, word).connect()
