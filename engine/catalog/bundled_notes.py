"""What people should know of the bundled model: that it is a demo, and where better models come from."""

import json

from engine.catalog.catalog import ModelCatalogue
from studio.coded_text import coded, to_stored


def bundled_notes(catalogue: ModelCatalogue) -> dict[str, str]:
    """By model, as stored texts; only those that come along and lay their pictures out from a library have one."""
    notes = {}
    for entry in catalogue.entries:
        index = catalogue.folder(entry) / "prior" / "index.json" if entry.bundled else None
        if index is not None and index.is_file():
            things = len(json.loads(index.read_text(encoding="utf-8"))["subjects"])
            about = things if things < 100 else round(things, -2)
            notes[entry.name] = to_stored(
                coded("model_remark.demo", model=entry.title or entry.name, things=about)
            )
    return notes
