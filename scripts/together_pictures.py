"""Draws the pictures of gatherings in the documents: three people play, the bundled model paints.

PYTHONPATH=. nice .venv/bin/python scripts/together_pictures.py docs evolution
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageStat

from bots.presentation.compose.gatherings.registry import PRESENTERS
from bots.queries.gathering_view import load_gathering_view
from engine.imaging.image_tools import PillowImageTools
from engine.storage import open_store
from scripts.discord_pictures import Painting
from studio.db import queries
from studio.domain.gatherings import OPEN_TURNS, Part, PartState
from studio.domain.jobs import JobState
from tests.support.fakes import fake_ports
from tests.support.gatherings import Clock, Table

WORDS = os.environ.get("PROMPT", "a lighthouse by the sea")
ROUNDS, CHILDREN = 4, 4
_LARGEST_BYTES = 8 * 1024 * 1024
_QUALITY = 82  # of a WebP


@dataclass(frozen=True, slots=True)
class Game:
    """People around one table, and a worker that paints for them."""

    table: Table
    painting: Painting
    folder: Path

    def paint(self, gathering_id: str) -> None:
        """Everything that waits, and what follows from it."""
        while waiting := self.table.jobs(gathering_id, JobState.ACCEPTED, JobState.QUEUED):
            for job_id in waiting:
                self.painting.work.run(job_id)
            self.table.sweep()

    def image(self, part: Part) -> Image.Image:
        ports = self.table.ports
        with ports.database.read() as session:
            key = queries.find_picture(session, part.picture or "").key
        return Image.open(io.BytesIO(ports.store.get(key))).convert("RGB")

    def save_drawing(self, gathering_id: str, drawing: str, name: str) -> None:
        """A drawing of the gathering's message, as a WebP."""
        view = load_gathering_view(self.table.ports.database, gathering_id)
        presenter = PRESENTERS[view.gathering.kind]
        drawn = presenter.draw(self.table.ports, view, _LARGEST_BYTES)[drawing]
        path = self.folder / f"{name}.webp"
        Image.open(io.BytesIO(drawn.data)).save(path, quality=_QUALITY, method=6)
        print(path)


def play_evolution(game: Game) -> None:
    """Ana and Bo approve of the two warmest pictures of each generation, Mo of the warmest."""
    rules = {"words": WORDS, "rounds": ROUNDS, "children": CHILDREN, "vote": "10m"}
    gathering_id = game.table.open("ana", "evolve", **rules)
    for number in range(1, ROUNDS + 1):
        game.paint(gathering_id)
        shown = [
            part
            for part in game.table.parts(gathering_id)
            if part.round == number and part.state is PartState.SET
        ]
        best, second = sorted(shown, key=lambda part: -_warmth(game.image(part)))[:2]
        for name, choice in (("ana", best), ("bo", best), ("mo", best), ("ana", second), ("bo", second)):
            game.table.act(name, "vote", gathering_id, round=number, part=choice.ordinal)
        game.table.act("ana", "skip", gathering_id)
    game.save_drawing(gathering_id, "strip", "evolution")


def _warmth(image: Image.Image) -> float:
    red, _green, blue = ImageStat.Stat(image).mean
    return red - blue


def play_telephone(game: Game) -> None:
    """Three people, one chain; the words are what somebody might see in the picture before."""
    table = game.table
    gathering_id = table.open("ana", "telephone", players=3)
    for name in ("bo", "mo"):
        table.act(name, "join", gathering_id)
    for words in ("a cat on a red sofa", "an orange animal on a red hill", "a red hill under a blue sky"):
        (turn,) = [part for part in table.parts(gathering_id) if part.state in OPEN_TURNS]
        name = (turn.person_key or "").rpartition(":")[2]
        table.act(name, "write", gathering_id, part=turn.ordinal, words=words)
        game.paint(gathering_id)
        table.act(name, "first", gathering_id, part=turn.ordinal)
    while not table.gathering(gathering_id).is_over:
        table.act("ana", "skip", gathering_id)
    game.save_drawing(gathering_id, "chain1", "telephone")


GAMES: Mapping[str, Callable[[Game], None]] = {"evolution": play_evolution, "telephone": play_telephone}


def main(folder: Path, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as home:
        made = fake_ports(f"sqlite:///{home}/studio.sqlite3")
        ports = replace(made, store=open_store(f"{home}/pictures"), image_tools=PillowImageTools())
        with closing(Painting(ports, Path(home))) as painting, closing(ports.database):
            for name in names or GAMES:
                GAMES[name](Game(Table(ports=ports, clock=Clock()), painting, folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
