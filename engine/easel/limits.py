"""How many rows go into one forward pass: a start by device, and what running out of memory has taught."""

from engine.easel.lane import BatchKey

# Latent cells in one forward pass beyond which more rows stop making a device faster: sixteen rows of 1024-pixel
# pictures on a large GPU, four rows of Thimble's 256-pixel ones on a CPU.
CELLS = {"cuda": 262_144, "mps": 32_768, "cpu": 4_096}
MAX_ROWS = 64
MIN_ROWS = 2


class RowLimits:
    """Rows by batch key. For the easel's thread; others may read."""

    def __init__(self, device_type: str, *, cells: int | None = None, max_rows: int = MAX_ROWS) -> None:
        self._cells = cells or CELLS.get(device_type, CELLS["cpu"])
        self._max_rows = max_rows
        self._learned: dict[tuple[str, int], int] = {}

    def rows(self, key: BatchKey) -> int:
        """At least 1. One lane is always let in, even when it takes two rows."""
        wanted = max(MIN_ROWS, min(self._max_rows, self._cells // (key.width * key.height)))
        return min(wanted, self._learned.get(_kind(key), wanted))

    def ran_out(self, key: BatchKey, rows: int) -> None:
        """`rows` rows did not fit into memory: never more than half of them again."""
        self._learned[_kind(key)] = max(1, min(rows // 2, self.rows(key)))


def _kind(key: BatchKey) -> tuple[str, int]:
    return key.model, key.width * key.height
