"""A language model that helps with prompts. What it writes is judged as if a person had typed it."""

from collections.abc import Sequence
from typing import Protocol


class PromptHelper(Protocol):
    def suggest(self, words: str, *, count: int) -> Sequence[str]:
        """At most `count` fuller prompts for the words. Raises `HelperUnavailableError`."""

    def rewrite(self, prompt: str, change: str) -> str:
        """The prompt, changed as a person says. Raises `HelperUnavailableError`."""
