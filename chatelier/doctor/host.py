"""The machine: folders, room, memory, ports."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bots.texts.translation import translate
from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.launcher.home_lock import occupant
from chatelier.runtime.network import is_free
from chatelier.settings import Loaded

_GIB = 1024**3
_DISK_NEEDED_BYTES = 1 * _GIB
_DISK_WISHED_BYTES = 5 * _GIB
_MEMORY_NEEDED_BYTES = 1.5 * _GIB


def home(loaded: Loaded) -> Iterator[Finding]:
    folder = loaded.settings.home
    existing = nearest_existing(folder)
    if not os.access(existing, os.W_OK | os.X_OK):
        yield bad(
            "home",
            "{existing} cannot be written",
            "chown it to this user, or set {home} to another folder.",
            existing=existing,
            home=_HOME,
        )
        return
    if not folder.exists():
        yield good("home", "{folder} will be made by the first `chatelier up`", folder=folder)
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"ink")
    except OSError as error:
        yield bad(
            "home",
            "{folder}: {fault}",
            "Free disk space or grant write permission, or set {home} to another folder.",
            folder=folder,
            fault=error.strerror,
            home=_HOME,
        )
        return
    if folder.stat().st_mode & 0o077:
        yield note("home", "other users may look into {folder}", "chmod 700 {folder}", folder=folder)
    else:
        yield good("home", "{folder}", folder=folder)


def disk(loaded: Loaded) -> Iterator[Finding]:
    folder = nearest_existing(loaded.settings.home)
    free = shutil.disk_usage(folder).free
    values = {"free": free / _GIB, "folder": folder}
    if free < _DISK_NEEDED_BYTES:
        yield bad("disk", _FREE, _FREE_FIX, **values)
    elif free < _DISK_WISHED_BYTES:
        yield note("disk", _FREE, _FREE_FIX, **values)
    else:
        yield good("disk", _FREE, **values)


def memory(_loaded: Loaded) -> Iterator[Finding]:
    import psutil

    available = psutil.virtual_memory().available
    values = {"available": available / _GIB, "cores": os.cpu_count()}
    if available < _MEMORY_NEEDED_BYTES:
        yield note(
            "memory",
            _MEMORY,
            "The worker needs about 1 GiB for the bundled model. Close something, or add some.",
            **values,
        )
    else:
        yield good("memory", _MEMORY, **values)


def web_port(loaded: Loaded) -> Iterator[Finding]:
    web, running = loaded.settings.web, occupant(loaded.settings.run_folder)
    if running:
        yield good("web", "open at {url} (process {pid})", url=running.get("url"), pid=running.get("pid"))
    elif web.port == 0 or is_free(web.host, web.port):
        yield good(
            "web",
            "port {port} on {host} can be used",
            port=web.port or translate("(a free one)"),
            host=web.host,
        )
    elif loaded.origin("web.port") == "default":
        yield note(
            "web", "port {port} is taken; `chatelier up` takes the next free one", _PORT_FIX, port=web.port
        )
    else:
        yield bad("web", "port {port} on {host} is taken", _PORT_FIX, port=web.port, host=web.host)
    if not web.is_loopback and not web.allowed_hosts:
        yield note(
            "web",
            "no name is set under which browsers reach the web page, so they need its IP address",
            "Set CHATELIER_WEB__ALLOWED_HOSTS=paint.example.org",
        )


def nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


_HOME = "CHATELIER_HOME"
_FREE = "{free:.1f} GiB free at {folder}"
_FREE_FIX = "Free disk space, or set CHATELIER_HOME or CHATELIER_STORAGE_URL to a larger disk."
_MEMORY = "{available:.1f} GiB available, {cores} cores"
_PORT_FIX = "Close what uses it, or set CHATELIER_WEB__PORT."
