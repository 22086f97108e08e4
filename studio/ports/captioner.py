"""A model that says what is in a picture."""

from typing import Protocol


class Captioner(Protocol):
    def describe(self, picture: bytes, *, model: str = "") -> str:
        """One or two plain sentences about an encoded picture of ours, in English.

        `model` is the name of the model that painted it; empty: unknown. Raises `HelperUnavailableError`.
        """
