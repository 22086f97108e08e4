"""The page "Which model for what", from the catalogue: python -m engine.catalog.model_table > docs/models.md"""

from collections.abc import Iterable

from engine.catalog.catalog import WITH_CONTROLNETS
from engine.catalog.checkpoint_detection import WHOLE_CALLS
from engine.catalog.entries import ModelEntry

_INTRO = """\
# Which model for what

These are the models of the shipped catalogue (`engine/models/models.toml`). `chatelier models pull NAME` fetches one.
`chatelier models add` adds any other one. *Per step* means that pictures of several people share each step, with
previews and immediate cancelling; *whole* means one call for each picture. *Memory* is what the weights take on a
graphics card in 16 bits; `CHATELIER_WORKER__LOW_VRAM` and `CHATELIER_SPEED__QUANTISE` make it less. ControlNets and
IP-Adapters are fetched when they are asked for: `chatelier models pull NAME --with controlnets --with ip-adapter`.
Please read a model's licence before you use it.

This page is generated: `python -m engine.catalog.model_table > docs/models.md`.

"""
_HEAD = (
    "model",
    "for what",
    "licence",
    "memory",
    "size",
    "steps",
    "runs",
    "edits by words",
    "references",
    "structure",
)
_SEES_WITH_ADAPTER = frozenset({"sd", "sdxl"})


def model_page(entries: Iterable[ModelEntry]) -> str:
    """Markdown, one row for each model in the order of the catalogue."""
    rows = [_HEAD, ("---",) * len(_HEAD), *map(_row, entries)]
    return _INTRO + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _row(entry: ModelEntry) -> tuple[str, ...]:
    return (
        f"`{entry.name}`: {entry.title or entry.name}",
        entry.purpose,
        entry.licence.partition(";")[0],
        f"{entry.memory_gib:g} GiB",
        f"{entry.width}×{entry.height}",
        str(entry.steps),
        "whole" if entry.family == WHOLE_CALLS or entry.is_remote else "per step",
        "yes" if entry.edits_by_words else "no",
        _references(entry),
        _structure(entry),
    )


def _references(entry: ModelEntry) -> str:
    if entry.takes_references:
        return f"up to {entry.takes_references}" if entry.takes_references > 1 else "one"
    sees = entry.family in _SEES_WITH_ADAPTER and not entry.bundled
    if entry.ip_adapter is not None:
        return f"by an IP-Adapter ({entry.ip_adapter.licence})"
    return "with an [IP-Adapter](02-engine.md#inputs) that its entry names" if sees else "none"


def _structure(entry: ModelEntry) -> str:
    if entry.controlnets:
        licences = sorted({controlnet.licence for controlnet in entry.controlnets.values()})
        return f"{', '.join(entry.controlnets)} ({', '.join(licences)})"
    can = entry.family in WITH_CONTROLNETS and not entry.bundled
    return "[ControlNets](02-engine.md#inputs) that its entry names" if can else "none"


def _print_page() -> None:
    import sys

    from engine.catalog.catalog import ModelCatalogue

    sys.stdout.write(model_page(ModelCatalogue.load().entries))


if __name__ == "__main__":
    _print_page()
