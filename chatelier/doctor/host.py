"""The machine: folders, room, memory, ports."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
            f"{existing} cannot be written",
            f"chown it to this user, or set {_HOME} to another folder.",
        )
        return
    if not folder.exists():
        yield good("home", f"{folder} will be made by the first `chatelier up`")
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"ink")
    except OSError as error:
        yield bad(
            "home",
            f"{folder}: {error.strerror}",
            f"Free disk space or grant write permission, or set {_HOME} to another folder.",
        )
        return
    if folder.stat().st_mode & 0o077:
        yield note("home", f"other users may look into {folder}", f"chmod 700 {folder}")
    else:
        yield good("home", str(folder))


def disk(loaded: Loaded) -> Iterator[Finding]:
    folder = nearest_existing(loaded.settings.home)
    free = shutil.disk_usage(folder).free
    text = f"{free / _GIB:.1f} GiB free at {folder}"
    fix = f"Free disk space, or set {_HOME} or CHATELIER_STORAGE_URL to a larger disk."
    if free < _DISK_NEEDED_BYTES:
        yield bad("disk", text, fix)
    elif free < _DISK_WISHED_BYTES:
        yield note("disk", text, fix)
    else:
        yield good("disk", text)


def memory(_loaded: Loaded) -> Iterator[Finding]:
    import psutil

    available = psutil.virtual_memory().available
    text = f"{available / _GIB:.1f} GiB available, {os.cpu_count()} cores"
    if available < _MEMORY_NEEDED_BYTES:
        yield note(
            "memory",
            text,
            "The worker needs about 1 GiB for the bundled model. Close something, or add some.",
        )
    else:
        yield good("memory", text)


def web_port(loaded: Loaded) -> Iterator[Finding]:
    web, running = loaded.settings.web, occupant(loaded.settings.run_folder)
    if running:
        yield good("web", f"open at {running.get('url')} (process {running.get('pid')})")
    elif web.port == 0 or is_free(web.host, web.port):
        yield good("web", f"port {web.port or '(a free one)'} on {web.host} can be used")
    elif loaded.origin("web.port") == "default":
        yield note("web", f"port {web.port} is taken; `chatelier up` takes the next free one", _PORT_FIX)
    else:
        yield bad("web", f"port {web.port} on {web.host} is taken", _PORT_FIX)
    if not web.is_loopback and not web.allowed_hosts:
        yield note(
            "web",
            "no name is set under which browsers reach the web page, so they need its IP address",
            "Set CHATELIER_WEB__ALLOWED_HOSTS=paint.example.org",
        )


def nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


_HOME = "CHATELIER_HOME"
_PORT_FIX = "Close what uses it, or set CHATELIER_WEB__PORT."
