"""How many rows go into one forward pass: a start by device, and what running out of memory has taught."""

from engine.easel.experience import Experience
from engine.easel.lane import BatchKey

# Latent cells in one forward pass beyond which more rows hardly make a device faster: sixteen rows of 1024-pixel
# pictures on a large GPU, eight rows of Thimble's 256-pixel ones on a CPU. There calling all layers takes one core
# about 20 ms whatever the rows: with two cores nearly a third of a pass of four rows, a sixth of one of eight.
CELLS = {"cuda": 262_144, "mps": 32_768, "cpu": 8_192}
MAX_ROWS = 64
MIN_ROWS = 2


class RowLimits:
    """Rows by batch key. For the easel's thread; others may read."""

    def __init__(
        self,
        device_type: str,
        *,
        cells: int | None = None,
        max_rows: int = MAX_ROWS,
        experience: Experience | None = None,
    ) -> None:
        self.experience = experience or Experience()
        self._cells = cells or CELLS.get(device_type, CELLS["cpu"])
        self._max_rows = max_rows

    def rows(self, key: BatchKey) -> int:
        """At least 1. One lane is always let in, even when it takes two rows."""
        if not key.shared:
            return 1
        wanted = max(MIN_ROWS, min(self._max_rows, self._cells // (key.width * key.height)))
        learned = self.experience.rows(kind_of(key))
        return wanted if learned is None else min(wanted, learned)

    def ran_out(self, key: BatchKey, rows: int) -> None:
        """`rows` rows did not fit into memory: never more than half of them again."""
        self.experience.fits(kind_of(key), max(1, min(rows // 2, self.rows(key))))


def kind_of(key: BatchKey) -> str:
    """Model and number of latent cells: what decides over memory and time."""
    return f"{key.model}/{key.width * key.height}"
