"""The figures of an exam kept beside a model, compared with those of the version before, and as rows of its card."""

import json
from dataclasses import asdict
from pathlib import Path

from engine.training.evaluation.evaluate import LOW, TITLES, Figures, format_figure

FIGURES_FILE = "figures.json"
# Shares of a few dozen pictures move by themselves; smaller changes are not called better or worse.
_SAME = 0.02


def read_figures(path: Path) -> dict[str, float]:
    """Figures that an exam has kept; empty when there are none."""
    if not path.exists():
        return {}
    figures: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return figures


def save_figures(figures: Figures, path: Path, *, machine: str) -> None:
    report = {"machine": machine, "figures": asdict(figures)}
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def compare_figures(figures: Figures, before: dict[str, float]) -> list[tuple[str, str, str, str]]:
    """Title, the figure now, the figure before, and a word for the change, for each figure."""
    rows = []
    for name, value in asdict(figures).items():
        old = before.get(name)
        rows.append(
            (
                TITLES[name],
                format_figure(name, value),
                "" if old is None else format_figure(name, old),
                "" if old is None or name == "pictures" else change(name, value, old),
            )
        )
    return rows


def change(name: str, value: float, old: float) -> str:
    """'better', 'worse' or 'as before'."""
    gain = old - value if name in LOW else value - old
    if abs(gain) <= _SAME * max(1.0, abs(old)):
        return "as before"
    return "better" if gain > 0 else "worse"


def card_rows(figures: Figures, before: dict[str, float]) -> str:
    """The figures as rows of a table in Markdown."""
    lines = ["| Figure | This version | The one before |", "| --- | --- | --- |"]
    lines += [
        f"| {title} | {now} | {old or '–'} |" for title, now, old, _ in compare_figures(figures, before)
    ]
    return "\n".join(lines)
