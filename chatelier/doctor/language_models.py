"""The language models that help people: each that is set is asked something small."""

from collections.abc import Iterator

from chatelier.doctor.findings import Finding, bad, good
from chatelier.settings import Loaded
from chatelier.wiring.language_models import open_prompt_helper
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
