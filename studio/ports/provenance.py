"""Signing pictures, and reading where a file comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from studio.domain.provenance import CredentialSource, Traces
from studio.domain.requests import Operation

if TYPE_CHECKING:
    from PIL.Image import Image


class Signer(Protocol):
    """What makes the copy of a picture that people get.

    Raises `SigningError` where an administrator wants nothing shown without it.
    """

    def mark(self, picture: Image, *, picture_id: str) -> Image:
        """The picture with its visible signature and its id in it, unseen. The one given is not changed."""

    def certify(
        self, png: bytes, *, picture_id: str, operation: Operation, sources: Sequence[CredentialSource] = ()
    ) -> bytes:
        """The PNG with metadata and credentials, which name its `sources`; all else that it holds stays as it is."""


class Examiner(Protocol):
    def examine(self, data: bytes, *, png: bytes) -> Traces:
        """What a file of any origin says of where it comes from; `png` is the same, made harmless by the image tools.

        Raises `BadImageError`, and `ExaminationError` when it cannot tell.
        """

    def extract_credentials(self, data: bytes) -> bytes:
        """A summary of a file's content credentials, for those of pictures made from it; empty for none.

        Raises `ExaminationError` when it cannot tell.
        """
