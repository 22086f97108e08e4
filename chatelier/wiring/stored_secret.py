"""Secrets that an installation makes for itself once and keeps in its home folder."""

import fcntl
import os
import secrets
from pathlib import Path

from chatelier.wiring.instance import make_folder


def load_or_create_secret(home: Path, name: str) -> str:
    """The one in the file of that name, which only its owner can read; made if there is none."""
    make_folder(home)
    with os.fdopen(os.open(home / name, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # processes that start together agree on one
        secret = file.read().strip()
        if not secret:  # nor did one that was killed here leave any
            secret = secrets.token_urlsafe(32)
            file.write(secret + "\n")
    return secret
