"""A model hub on loopback with the files of one folder, as huggingface_hub asks for them."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.loopback_http import listening

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(kw_only=True)
class Hub:
    """What was asked for: methods with paths, and the ranges of downloads. `cut_bytes`: no answer is longer."""

    address: str = ""
    licence: str = "openrail"
    cut_bytes: int | None = None
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)


@contextmanager
def hub_server(folder: Path, *, repository: str = "owner/tiny") -> Iterator[Hub]:
    hub = Hub()
    files = {
        path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(body=True)

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def _answer(self, *, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(f"{self.command} {path}")
            if path.startswith(f"/api/models/{repository}"):
                self._send(json.dumps(self._tree() if "/tree/" in path else self._info()).encode())
            elif path.startswith(f"/{repository}/resolve/"):
                name = path.split("/resolve/", 1)[1].split("/", 1)[1]
                self._file(name, body=body)
            else:
                self._send(b"{}", status=404)

        def _info(self) -> dict[str, Any]:
            siblings = [{"rfilename": name, "size": path.stat().st_size} for name, path in files.items()]
            card = {"license": hub.licence}
            return {
                "id": repository,
                "modelId": repository,
                "sha": COMMIT,
                "siblings": siblings,
                "cardData": card,
            }

        def _tree(self) -> list[dict[str, Any]]:
            return [
                {"type": "file", "path": name, "size": path.stat().st_size, "oid": _etag(path)}
                for name, path in files.items()
            ]

        def _file(self, name: str, *, body: bool) -> None:
            if name not in files:
                self._send(b"", status=404)
                return
            content, start = files[name].read_bytes(), 0
            if wanted := self.headers.get("range"):
                hub.ranges.append(wanted)
                start = int(wanted.removeprefix("bytes=").split("-")[0])
            headers = {"ETag": f'"{_etag(files[name])}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(content[start:], status=206 if start else 200, body=body, **headers)

        def _send(self, content: bytes, *, status: int = 200, body: bool = True, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(content[: hub.cut_bytes])
                if hub.cut_bytes is not None and len(content) > hub.cut_bytes:
                    self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    with listening(Handler) as address:
        hub.address = address
        yield hub


def _etag(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
