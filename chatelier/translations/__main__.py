"""For translators and maintainers:  python -m chatelier.translations update | check | missing | merge."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from chatelier.translations.catalogue_files import (
    TRANSLATED,
    check_language,
    find_message,
    is_translated,
    read_catalogue,
    save_catalogue,
    set_translation,
    update_files,
)
from chatelier.translations.checks import find_mistakes
from chatelier.translations.extraction import all_entries
from chatelier.translations.msgids import Entry


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    match options.task:
        case "update":
            lines = list(update_files())
        case "check":
            languages = options.languages or TRANSLATED
            lines = [
                line for language in languages for line in check_language(language, complete=options.complete)
            ]
        case "missing":
            lines = [_missing(options.language, options.most)]
        case _:
            lines = _merge(options.language, options.file)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return int(bool(lines) and options.task in ("check", "merge"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatelier.translations", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    tasks.add_parser("update", help="collect the sentences, and bring every catalogue up to date")
    check = tasks.add_parser("check", help="list mistakes; the exit status is 1 if there are any")
    check.add_argument("languages", nargs="*")
    check.add_argument("--complete", action="store_true", help="what is not translated is a mistake")
    missing = tasks.add_parser("missing", help="what is not translated, as JSON with empty translations")
    missing.add_argument("language", choices=TRANSLATED)
    missing.add_argument("--most", type=int, default=10_000)
    merge = tasks.add_parser(
        "merge", help="put such JSON, filled in, into a catalogue; mistakes are left out"
    )
    merge.add_argument("language", choices=TRANSLATED)
    merge.add_argument("file", type=Path)
    return parser


def _missing(language: str, most: int) -> str:
    catalogue = read_catalogue(language)
    rows = [
        _row(entry, catalogue.num_plurals)
        for entry in all_entries()
        if not is_translated(find_message(catalogue, entry))
    ]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows[:most]) + "\n]"


def _row(entry: Entry, plurals: int) -> dict[str, object]:
    """`text` is to be filled in: a string, or a list with each plural form."""
    row: dict[str, object] = {"en": entry.msgid, "place": entry.place}
    if entry.context:
        row["context"] = entry.context
    if entry.most:
        row["most"] = entry.most
    row["text"] = "" if isinstance(entry.msgid, str) else [""] * plurals
    return row


def _merge(language: str, file: Path) -> list[str]:
    """A line about each row that was not taken."""
    catalogue = read_catalogue(language)
    known = {(entry.context, entry.msgid): entry for entry in all_entries()}
    problems = []
    for row in json.loads(file.read_text("utf-8")):
        msgid = row["en"] if isinstance(row["en"], str) else tuple(row["en"])
        entry = known.get((row.get("context", ""), msgid))
        forms = [row["text"]] if isinstance(row["text"], str) else row["text"]
        if not any(forms):
            continue
        if entry is None:
            problems.append(f"{row['en']!r}: no such sentence")
            continue
        mistakes = list(find_mistakes(entry, forms, expected_forms=catalogue.num_plurals))
        problems += [f"{row['en']!r}: {mistake}" for mistake in mistakes]
        if not mistakes and not set_translation(catalogue, entry, forms):
            problems.append(f"{row['en']!r}: run `make translations` first")
    save_catalogue(language, catalogue)
    return problems


if __name__ == "__main__":
    sys.exit(main())
