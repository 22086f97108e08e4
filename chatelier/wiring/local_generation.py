"""Generation without any service: the moderation policy, the image generator, and pictures in a folder."""

import errno
import getpass
import os
import re
import secrets
import signal
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from bots.presentation.prompt_flags import spread_flags
from bots.texts.coded.sentences import say
from chatelier.runtime.private_files import with_umask_of_person
from chatelier.settings import Settings
from chatelier.wiring.moderation import open_gate
from chatelier.wiring.provenance import open_signer
from chatelier.wiring.workers import open_generator
from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.imaging.codecs.recipe_metadata import read_recipe, write_recipe
from engine.jobs.postprocessing import copy_of
from studio.coded_text import CodedText
from studio.commands.generation.imagine import SPEC, request_of
from studio.db.database import Database
from studio.domain.identifiers import job_id_of, picture_id
from studio.domain.people import Person, Platform
from studio.domain.pictures import Recipe
from studio.domain.requests import PaintRequest
from studio.domain.verdicts import Verdict
from studio.errors import JobCancelledError, PolicyRefusalError, StorageError
from studio.parsing.foreign_syntax import without_foreign_syntax
from studio.ports import Admission, Inspected, Inspection, Signer
from studio.serialization import to_json

if TYPE_CHECKING:
    from moderation.gate import ModerationGate

_SLUG_LENGTH = 40
_ANY_LANGUAGE = (
    "These words are in a language on which the prompt rules were not measured. For people on the web or in a chat"
    " that waits for a moderator; here it goes ahead. {setting}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedImage:
    """A picture in a file. `known`: the very same picture was there already."""

    path: Path
    recipe: Recipe
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldImage:
    """A picture that the moderation policy do not let anybody see."""

    seed: int
    category: str
    remedy: tuple[CodedText, ...]


def read_request(
    settings: Settings, values: Mapping[str, object]
) -> tuple[PaintRequest, Sequence[CodedText]]:
    """Parsed and checked as the front ends do, flags in the words too; hints about other tools' syntax.

    Raises `BadParameterError`.
    """
    read = spread_flags(SPEC.name, values)
    words, hints = without_foreign_syntax(str(read.get("prompt", "")))
    command = SPEC.read({**read, "prompt": words})
    return request_of(command, most_pictures=settings.limits.max_pictures), hints


def paint_into(
    folder: Path,
    request: PaintRequest,
    *,
    settings: Settings,
    on_progress: Callable[[Progress], None],
    on_remark: Callable[[str], None],
) -> Iterator[SavedImage | WithheldImage]:
    """Paint and save, picture by picture. Ctrl-C ends it within a denoising step.

    `on_remark` is given what the moderation policy let pass here only.

    Raises `RequestRefusedError`, `BadParameterError`, `ModelLoadError`, `JobCancelledError`, `InspectionError`,
    `SigningError`, `StorageError`, and `ConfigurationError` when the certificates cannot be made.
    """
    signer, job_id = open_signer(settings), job_id_of(to_json(request))
    with _interruptible() as cancelled:
        _require_writable(folder)
        person = _this_person()
        gate = _open_gate(settings)
        _require_allowed(gate, person, request, on_remark=on_remark)
        task = GenerationTask(job_id=job_id, person=person.key, request=request)
        painted = _paint(task, person, gate, settings=settings, on_progress=on_progress, cancelled=cancelled)
        if cancelled():  # while they were looked over
            raise JobCancelledError
    for index, (generated, png, verdict) in enumerate(painted, start=1):
        if verdict.allows:
            child = picture_id(job_id, index)
            copy = _signed_copy(generated, child, signer) if signer else png
            yield _save(folder, copy, generated.recipe)
        else:
            yield WithheldImage(seed=generated.recipe.seed, category=verdict.category, remedy=verdict.remedy)


def _open_gate(settings: Settings) -> "ModerationGate":
    """Bans and limits are for rooms: the database is named here and never opened."""
    return open_gate(settings, Database(settings.database), redis_url=None, holds=False)


def _require_allowed(
    gate: "ModerationGate", person: Person, request: PaintRequest, *, on_remark: Callable[[str], None]
) -> None:
    """Nobody is here who could look at what is held, but for its language the person at the terminal answers.

    Raises `PolicyRefusalError`.
    """
    from moderation.policy.remedies import remedy_of, setting_of
    from moderation.rules.prompt import PromptSubject

    admission = Admission(person=person, command=SPEC.name, request=request, outstanding_jobs=0)
    subject = PromptSubject.of(admission)
    held, verdict = gate.judge(subject), gate.judge(subject, any_language=True)
    if not verdict.allows:
        remedy = remedy_of(verdict, person, moderated=False)
        raise PolicyRefusalError(rule=verdict.rule, category=verdict.category, remedy=remedy)
    if not held.allows:
        on_remark(_ANY_LANGUAGE.format(setting=say(*filter(None, [setting_of(held)]))))


def _paint(
    task: GenerationTask,
    person: Person,
    gate: "ModerationGate",
    *,
    settings: Settings,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> list[tuple[GeneratedImage, bytes, Verdict]]:
    """What was painted, as PNG too, and the verdict on each."""
    if cancelled():  # what comes now, loading a model, takes its time
        raise JobCancelledError
    generator = open_generator(settings, stays=False)
    try:
        painted = generator.generate(task, on_progress=on_progress, cancelled=cancelled)
    finally:
        generator.close()
    shown = [(generated, write_recipe(generated.image, generated.recipe)) for generated in painted]
    return [
        (
            generated,
            png,
            gate.inspect(Inspection(kind=Inspected.OUTPUT, person=person, png=png, request=task.request)),
        )
        for generated, png in shown
    ]


def _signed_copy(painted: GeneratedImage, child: str, signer: Signer) -> bytes:
    marked = signer.mark(painted.image, picture_id=child)
    return copy_of(marked, painted.recipe, child, signer)


def slug_of(prompt: str) -> str:
    """``"A red Äpple!"`` becomes ``a-red-apple``; words without Latin letters become ``picture``."""
    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words)[:_SLUG_LENGTH].strip("-") or "picture"


def _save(folder: Path, png: bytes, recipe: Recipe) -> SavedImage:
    """Named after words and seed. A file of that name with another picture in it is left alone."""
    stem = f"{slug_of(recipe.prompt)}-{recipe.seed}"
    number = 1
    while True:
        path = folder / (f"{stem}.png" if number == 1 else f"{stem}-{number}.png")
        if not path.exists():
            break
        if read_recipe(path.read_bytes()) == recipe:  # signatures differ, pictures of one recipe do not
            return SavedImage(path=path, recipe=recipe, known=True)
        number += 1
    unfinished = folder / f".{secrets.token_hex(8)}.part"
    try:
        with with_umask_of_person():
            unfinished.write_bytes(png)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise StorageError(_sentence(folder, error)) from error
    return SavedImage(path=path, recipe=recipe, known=False)


def _require_writable(folder: Path) -> None:
    """Before anything is painted. Raises `StorageError`."""
    probe = folder / f".{secrets.token_hex(8)}.part"
    try:
        with with_umask_of_person():
            folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"ink")
        probe.unlink()
    except OSError as error:
        raise StorageError(_sentence(folder, error)) from error


def _sentence(folder: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk with {folder} is full. Free disk space, or name another folder with -o."
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        return f"{folder} is a file, not a folder. Name another with -o."
    return f"Nothing can be written into {folder} ({os.strerror(error.errno or 0)}). Name another folder with -o."


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C only sets a flag, so that generation ends cleanly; the second one interrupts at once."""
    flag = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if flag.is_set():
            raise KeyboardInterrupt
        flag.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield flag.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _this_person() -> Person:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Person(platform=Platform.CLI, community="local", user_id=name, display_name=name)
