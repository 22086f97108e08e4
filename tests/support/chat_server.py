"""A chat model behind an OpenAI-compatible server on loopback, played by the test."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.loopback_http import listening

Reply = Callable[[Mapping[str, Any], BaseHTTPRequestHandler], bytes]


@contextmanager
def serving(reply: Reply) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a chat server on loopback, and what it was asked."""
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            seen.append({**asked, "token": self.headers.get("authorization")})
            if body := reply(asked, self):
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with listening(Handler) as address:
        yield f"{address}/v1/chat/completions", seen


def saying(content: object) -> Reply:
    body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
    return lambda asked, handler: body


@contextmanager
def dripping() -> Iterator[str]:
    """The address of a server of which each byte comes in time, and the whole never does."""
    stopped = threading.Event()

    def drip(asked: Mapping[str, Any], handler: BaseHTTPRequestHandler) -> bytes:
        handler.send_response(200)
        handler.end_headers()
        while not stopped.wait(0.05):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                break
        return b""

    with serving(drip) as (url, _):
        try:
            yield url
        finally:
            stopped.set()


@contextmanager
def hanging() -> Iterator[str]:
    """The address of a server that takes the question and never answers."""
    stopped = threading.Event()

    def hang(asked: Mapping[str, Any], handler: BaseHTTPRequestHandler) -> bytes:
        stopped.wait()
        return b""

    with serving(hang) as (url, _):
        try:
            yield url
        finally:
            stopped.set()
