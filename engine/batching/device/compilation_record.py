"""What the compiler of the last worker did, for the doctor. No torch here."""

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from engine.batching.device.device_profile import write_json

RECORD_NAME = "last_start.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilationRecord:
    """`graphs` were compiled on `device` after the start of a worker; 0: its blocks run as they are."""

    device: str
    graphs: int
    torch: str

    @classmethod
    def of(cls, device: str, graphs: int) -> "CompilationRecord":
        return cls(device=device, graphs=graphs, torch=version("torch"))

    @classmethod
    def read(cls, file: Path) -> "CompilationRecord | None":
        """None where there is none, or a damaged one."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, file: Path) -> None:
        """Raises OSError."""
        write_json(file, asdict(self))
