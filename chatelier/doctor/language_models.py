"""The language models that help people: each that is set is asked something small."""

import io
from collections.abc import Iterator

from chatelier.doctor.findings import Finding, bad, good
from chatelier.settings import Loaded
from chatelier.wiring.language_models import open_captioner, open_prompt_helper
from studio.errors import HelperUnavailableError


def check_prompt_helper(loaded: Loaded) -> Iterator[Finding]:
    helper = open_prompt_helper(loaded.settings)
    if helper is None:
        return
    try:
        found = helper.suggest("a red apple", count=1)
    except HelperUnavailableError as error:
        cause = type(error.__cause__).__name__ if error.__cause__ else error.code
        yield bad(
            "prompt helper",
            "the server proposes no prompts ({cause})",
            "Correct CHATELIER_HELPER__URL, __MODEL or __TOKEN, or choose a model that answers with JSON.",
            cause=cause,
        )
    else:
        yield good("prompt helper", "the server proposed {count} prompt", count=len(found))


def check_captioner(loaded: Loaded) -> Iterator[Finding]:
    """Shows it a red square. A model in a folder is loaded for that."""
    from PIL import Image

    captions = loaded.settings.captions
    if captions.bundled:
        yield good("captioner", "the bundled model describes its own pictures")
    if captions.url is None and captions.folder is None:
        return
    captioner = open_captioner(loaded.settings, generates=True)
    if captioner is None:
        return
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "PNG")
    try:
        captioner.describe(out.getvalue())
    except HelperUnavailableError as error:
        cause = type(error.__cause__).__name__ if error.__cause__ else error.code
        yield bad(
            "captioner",
            "no picture is described ({cause})",
            "Correct CHATELIER_CAPTIONS__{place}, or choose a model that sees.",
            cause=cause,
            place="FOLDER" if captions.folder else "URL",
        )
    else:
        yield good("captioner", "pictures are described by a model")
