"""Encrypts what moderators keep as evidence, so that a copy of the database alone shows nobody its content."""

import os
from collections.abc import Callable

from studio.errors import ConfigurationError

_NONCE_BYTES = 12


class EvidenceCipher:
    """AES-256-GCM. Safe for many threads. `find_key` gives 32 bytes and is asked each time that a key is needed."""

    def __init__(self, find_key: Callable[[], bytes]) -> None:
        self._find_key = find_key

    def encrypt(self, data: bytes, *, bound_to: str) -> bytes:
        """The nonce and the ciphertext, which `decrypt` reads under the same name only."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # few processes ever need it

        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._find_key()).encrypt(nonce, data, bound_to.encode())

    def decrypt(self, data: bytes, *, bound_to: str) -> bytes:
        """Raises `ConfigurationError` where it was encrypted with another key, or changed since."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._find_key()).decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], bound_to.encode()
            )
        except InvalidTag as error:
            raise ConfigurationError(
                f"Evidence {bound_to} cannot be read with this key. Every process of one installation needs the same"
                " CHATELIER_MODERATION__EVIDENCE_KEY, or the same file evidence-key in the home folder."
            ) from error
