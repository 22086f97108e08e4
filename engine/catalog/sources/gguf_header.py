"""The header of a GGUF file: which tensors it has. Read without the gguf package and without any tensor.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from pathlib import Path
from typing import BinaryIO

from studio.errors import ConfigurationError

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_TENSORS = 100_000
_MOST_VALUES = 10_000
_MOST_ITEMS = 1_000_000  # of an array, such as the words of a tokenizer
_LONGEST_TEXT_BYTES = 1_000_000
_MOST_DIMENSIONS = 8
_TEXT, _ARRAY = 8, 9
# Bytes of the kinds of values with a fixed size.
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def read_tensor_names(path: Path) -> dict[str, tuple[int, ...]]:
    """Tensor name → its dimensions, the fastest first. Raises `ConfigurationError` for a damaged file."""
    try:
        with path.open("rb") as file:
            return _Reader(file, path.stat().st_size).tensors()
    except (OSError, ValueError, struct.error) as error:
        raise ConfigurationError(f"{path.name} is damaged: it has no readable GGUF header.") from error


class _Reader:
    """Raises ValueError or `struct.error` for whatever is out of bounds."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._size_bytes = size_bytes

    def tensors(self) -> dict[str, tuple[int, ...]]:
        if self._file.read(4) != MAGIC or self._number("<I") not in _VERSIONS:
            raise ValueError("no GGUF file")
        tensors, values = self._count("<Q", _MOST_TENSORS), self._count("<Q", _MOST_VALUES)
        for _ in range(values):
            self._text()
            self._skip_value(self._number("<I"))
        found: dict[str, tuple[int, ...]] = {}
        for _ in range(tensors):
            name = self._text()
            dimensions = self._count("<I", _MOST_DIMENSIONS)
            found[name] = tuple(self._number("<Q") for _ in range(dimensions))
            self._number("<I")
            if self._number("<Q") >= self._size_bytes:
                raise ValueError("the file is shorter than its header says")
        return found

    def _number(self, form: str) -> int:
        (number,) = struct.unpack(form, self._file.read(struct.calcsize(form)))
        return int(number)

    def _count(self, form: str, most: int) -> int:
        number = self._number(form)
        if number > most:
            raise ValueError("a number is out of bounds")
        return number

    def _text(self) -> str:
        length = self._count("<Q", _LONGEST_TEXT_BYTES)
        text = self._file.read(length)
        if len(text) < length:
            raise ValueError("the file ends in its header")
        return text.decode("utf-8", "replace")

    def _skip(self, length: int) -> None:
        if self._file.tell() + length > self._size_bytes:
            raise ValueError("the file ends in its header")
        self._file.seek(length, 1)

    def _skip_value(self, kind: int) -> None:
        if kind == _TEXT:
            self._text()
        elif kind == _ARRAY:
            kind, count = self._number("<I"), self._count("<Q", _MOST_ITEMS)
            if kind in _SIZES:
                self._skip(_SIZES[kind] * count)
            elif kind == _TEXT:
                for _ in range(count):
                    self._text()
            else:
                raise ValueError("an array of an unknown kind")
        elif kind in _SIZES:
            self._skip(_SIZES[kind])
        else:
            raise ValueError("a value of an unknown kind")
