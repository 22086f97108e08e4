"""Random walks through everything that people can do, each told by its seed; a chat's own steps are with its tests.

`CHATELIER_JOURNEY_STEPS` and `CHATELIER_JOURNEY_SEEDS` (numbers with commas) make them longer and more.
"""

import logging
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO

from PIL import Image

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.registry import CATALOG
from studio.commands.spec import CommandSpec
from studio.db.tables import CaseRow, JobRow, PictureRow
from studio.errors import StorageError
from studio.ports import Ports
from tests.support.fakes import FakeQueue, FakeStore

STEPS = int(os.environ.get("CHATELIER_JOURNEY_STEPS", "60"))
SEEDS = tuple(map(int, os.environ.get("CHATELIER_JOURNEY_SEEDS", "1,2").split(",")))

EVIL_PERSON = "U0EVIL"
EVIL_URL = "https://evil.example"
EVIL = (
    f"@everyone <!channel> <@{EVIL_PERSON}> <@&99> **bold** *_~`|| <{EVIL_URL}|here> [here]({EVIL_URL})"
    " # big\n# bigger\n> said & done"
)
PROMPTS = (
    "a red fox",
    "a violent thing",
    "a doubtful ballot",
    EVIL,
    "@here @everyone",
    "a fox " * 160,
    "z" * 1001,
    "",
    "   ",
    "ein Fuchs im Schnee 🦊",
    "🦊" * 900,
    "&" * 900,
    "*" * 900,
    "a boat --sead 4",
    "a fox --seed x",
    "a fox --ar 16:9 --seed 4 --count 2",
    "a fox --count 1",
    "<b>a fox</b> & more",
    "\u202ea fox\x07",
    "```a fox",
    "a fox, --no people --style ink",
)
_JUNK = (
    "",
    "x",
    "-1",
    "0",
    "99999999999999999999",
    "nan",
    "1e400",
    EVIL[:80],
    "🦊",
    "k3v9m2p4qx7a",
    "k3v9m2p4qx7a.2",
)
_VALID: dict[Kind, tuple[str, ...]] = {
    Kind.INTEGER: ("1", "2", "4", "7"),
    Kind.NUMBER: ("0.5", "1", "7"),
    Kind.ASPECT: ("1:1", "16:9", "2:3"),
    Kind.SIZE: ("512x512", "640x384"),
    Kind.MODEL: ("thimble", "large"),
    Kind.STYLE: ("ink", "sketch"),
    Kind.LORA: ("ink", "pixel:0.5"),
    Kind.DURATION: ("30m", "7d", "for good"),
}


@cache
def picture_bytes() -> bytes:
    """A small image that every rule can read."""
    file = BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return file.getvalue()


_PLAIN = ("plain_text", "plain_text_input")


class Values:
    """Random values of parameters: of what there is, of what is possible, and of what is not."""

    def __init__(self, ports: Ports, chance: random.Random) -> None:
        self._ports = ports
        self._chance = chance

    def command(self) -> CommandSpec:
        return self._chance.choice([spec for spec in CATALOG.values() if spec.name != "forget_me"])

    def text(self) -> str:
        return self._chance.choice(PROMPTS)

    def of(self, parameter: Parameter, people: Sequence[str]) -> str:
        if self._chance.random() < 0.25:
            return self._chance.choice(_JUNK)
        if parameter.choices:
            return self._chance.choice(parameter.choices)
        match parameter.kind:
            case Kind.TEXT:
                return self.text()
            case Kind.PICTURE:
                return self._one(self.ids(PictureRow))
            case Kind.JOB:
                return self._one(self.ids(JobRow))
            case Kind.CASE:
                return self._one(self.ids(CaseRow))
            case Kind.PERSON:
                return self._chance.choice(people)
            case kind:
                return self._one(_VALID.get(kind, ()))

    def ids(self, table: type[JobRow] | type[PictureRow] | type[CaseRow]) -> list[str]:
        with self._ports.database.read() as session:
            return sorted(row.id for row in session.query(table))

    def _one(self, values: Sequence[str]) -> str:
        return self._chance.choice(values or _JUNK)


@contextmanager
def outage(ports: Ports, chance: random.Random) -> Iterator[bool]:
    """Now and then the queue or the store is not there; tells whether one is away."""
    assert isinstance(ports.queue, FakeQueue)
    assert isinstance(ports.store, FakeStore)
    which = chance.choice(["queue", "store"]) if chance.random() < 0.1 else ""
    ports.queue.away, ports.store.error = which == "queue", StorageError() if which == "store" else None
    try:
        yield bool(which)
    finally:
        ports.queue.away, ports.store.error = False, None


@contextmanager
def log_records() -> Iterator[list[logging.LogRecord]]:
    """What is logged at warning level or above."""
    records: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    keep = Keep(logging.WARNING)
    logging.getLogger().addHandler(keep)
    try:
        yield records
    finally:
        logging.getLogger().removeHandler(keep)


def texts_in(payload: object, found: Callable[[str, str], None], name: str = "") -> None:
    """Tell of every text in a payload with the name of its field, ``plain`` where it has no markup."""
    if isinstance(payload, dict):
        for key, value in payload.items():
            texts_in(
                value, found, "plain" if payload.get("type") in _PLAIN and isinstance(value, str) else key
            )
    elif isinstance(payload, list | tuple):
        for item in payload:
            texts_in(item, found, name)
    elif isinstance(payload, str):
        found(name, payload)
