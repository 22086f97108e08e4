"""The figures of a card in the order in which they were measured, and the time that is left for others."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.batching.device.memory_limits import is_out_of_memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` is for JSON, `text` for people."""

    key: str
    label: str
    value: Any
    text: str


class CardReport:
    """`on_figure` gets each figure as soon as it is measured, so that a kill loses only the one that was under way.

    A part that would not end within `longest_seconds` is left out, and so is one that fails.
    """

    def __init__(
        self,
        *,
        longest_seconds: float,
        on_figure: Callable[[Figure], None] = lambda figure: None,
        say: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._figures: dict[str, Figure] = {}
        self._on_figure = on_figure
        self._say = say
        self._clock = clock
        self._began = clock()
        self._longest_seconds = longest_seconds
        self._left_out: list[str] = []

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock() - self._began

    @property
    def seconds_left(self) -> float:
        return self._longest_seconds - self.seconds

    def add(self, key: str, label: str, value: Any, text: str) -> None:
        """A figure; with a key that is there already, its new value."""
        figure = self._figures[key] = Figure(key=key, label=label, value=value, text=text)
        self._on_figure(figure)

    def part(self, name: str, action: Callable[[], None], *, needs_seconds: float = 0.0) -> bool:
        """Do `action` if about `needs_seconds` are left for it; False where it was left out or failed."""
        if self.seconds_left <= needs_seconds:
            self._leave_out(f"{name} (no time left)")
            return False
        self._say(f"{name[0].upper()}{name[1:]}.")
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the other figures are still worth having
            cause = "out of memory" if is_out_of_memory(error) else type(error).__name__
            self._leave_out(f"{name} ({cause})")
            return False
        return True

    def value(self, key: str) -> Any:
        """None where it was not measured."""
        figure = self._figures.get(key)
        return figure.value if figure else None

    def rows(self) -> list[tuple[str, str]]:
        return [(figure.label, figure.text) for figure in self._figures.values()]

    def data(self) -> dict[str, Any]:
        return {figure.key: figure.value for figure in self._figures.values()}

    def _leave_out(self, what: str) -> None:
        self._say(f"Left out: {what}.")
        self._left_out.append(what)
        self.add("left_out", "left out", list(self._left_out), ", ".join(self._left_out))
