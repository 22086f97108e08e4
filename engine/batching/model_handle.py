"""What the model cache and a sample need to know of a model: its name, its geometry, how to load and unload it."""

from typing import Protocol

from engine.catalog.geometry import Layout


class ModelHandle(Protocol):
    """One loaded or loadable model. `load` is called from a thread of its own, the rest from the batcher's thread."""

    name: str
    layout: Layout

    @property
    def loaded(self) -> bool: ...

    @property
    def memory_bytes(self) -> int:
        """Size of the weights on the device: measured once loaded, before that the catalogue's estimate."""

    def load(self) -> None:
        """Raises `ModelLoadError`."""

    def unload(self) -> None: ...

    def scheduler_name(self, wanted: str | None) -> str:
        """The name that a recipe shows. Raises `BadParameterError` for an unknown one."""
