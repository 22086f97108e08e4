"""A server of OpenAI's images API on loopback, whose answers the test chooses."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler
from typing import Any

from PIL import Image

from tests.support.loopback_http import listening


@dataclass(kw_only=True)
class Asked:
    """One request: its path, its parameters, its files by field, and its headers."""

    path: str
    options: dict[str, Any]
    files: list[tuple[str, bytes]] = field(default_factory=list)
    token: str | None = None

    def image(self, number: int = 0) -> Image.Image:
        return Image.open(io.BytesIO(self.files[number][1]))


class Exchange:
    """What a reply may do with one request."""

    def __init__(self, asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        self.asked = asked
        self.handler = handler

    def send(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        self.handler.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def send_picture(self, *, size: tuple[int, int] | None = None, colour: str = "teal") -> None:
        width, height = size or map(int, self.asked.options["size"].split("x"))
        self.send(answer_with(png((width, height), colour)))


Reply = Callable[[Exchange], None]


def png(size: tuple[int, int], colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def answer_with(data: bytes) -> bytes:
    return json.dumps({"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}]}).encode()


def paint(exchange: Exchange) -> None:
    exchange.send_picture()


@contextmanager
def images_server(reply: Reply = paint, *, models: bytes | None = None) -> Iterator[tuple[str, list[Asked]]]:
    """The server's base address, and what it was asked for so far. `models` is the body of its list of models."""
    seen: list[Asked] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = _read(self)
            with lock:
                seen.append(asked)
            try:
                reply(Exchange(asked, self))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def do_GET(self) -> None:
            exchange = Exchange(
                Asked(path=self.path, options={}, token=self.headers.get("authorization")), self
            )
            seen.append(exchange.asked)
            exchange.send(models or b"{}", status=200 if models else 404)

        def log_message(self, *args: Any) -> None:
            pass

    with listening(Handler) as address:
        yield f"{address}/v1", seen


def _read(handler: BaseHTTPRequestHandler) -> Asked:
    body = handler.rfile.read(int(handler.headers["content-length"]))
    kind, token = handler.headers["content-type"], handler.headers.get("authorization")
    if kind == "application/json":
        return Asked(path=handler.path, options=json.loads(body), token=token)
    message = BytesParser(policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode() + body)
    asked = Asked(path=handler.path, options={}, token=token)
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename():
            asked.files.append((name, content))
        else:
            asked.options[name] = content.decode()
    return asked
