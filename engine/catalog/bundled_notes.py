"""What people should know of the bundled model: that it is a demo, and where better models come from."""

import json

from engine.catalog.catalog import ModelCatalogue

MODELS_HINT = (
    "For real pictures, `chatelier models list` names larger models, `chatelier models pull NAME` fetches one,"
    " and `chatelier models add` adds one of your own."
)


def bundled_notes(catalogue: ModelCatalogue) -> dict[str, str]:
    """By model; only those that come along and lay their pictures out from a library have one."""
    notes = {}
    for entry in catalogue.entries:
        index = catalogue.folder(entry) / "prior" / "index.json" if entry.bundled else None
        if index is not None and index.is_file():
            things = len(json.loads(index.read_text(encoding="utf-8"))["subjects"])
            known = f"{things if things < 100 else round(things, -2):,}"
            title = entry.title or entry.name
            notes[entry.name] = (
                f"{title} is a small demo model that knows about {known} things. {MODELS_HINT}"
            )
    return notes
