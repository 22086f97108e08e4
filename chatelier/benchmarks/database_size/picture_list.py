"""A page of My pictures, and a search, among many pictures.

Run it with ``python -m chatelier.benchmarks.database_size.picture_list``.
"""

import argparse
import statistics

from sqlalchemy import text

from bots.web.routes.gallery.gallery_page import render_pictures
from chatelier.benchmarks.database_size.bulk_fill import Size, fill, person
from chatelier.benchmarks.database_size.measurement import ProcessorClock, scratch_database
from chatelier.benchmarks.database_size.open_ports import open_ports
from studio.db.database import Database

_ROUNDS = 15
# One picture in ten shows a lighthouse, beside the fox of all.
_ON_SQLITE = (
    "UPDATE pictures SET recipe = json_set(recipe, '$.prompt', 'a fox at a lighthouse') WHERE id LIKE '%7.1'"
)
_ON_POSTGRESQL = """
    UPDATE pictures SET recipe = jsonb_set(recipe, '{prompt}', '"a fox at a lighthouse"') WHERE id LIKE '%7.1'
"""
_QUERIES: dict[str, dict[str, str]] = {
    "first page": {},
    "search for a word of all": {"words": "fox"},
    "search for a word of one in ten": {"words": "lighthouse"},
    "search for no word": {"words": "submarine"},
    "first page of everybody's": {"of": "everybody"},
    "by a model that nothing was made with": {"model": "large"},
}


def main() -> None:
    """Prints medians and maxima of processor time, this process and the database, in milliseconds, with the HTML."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--postgresql", metavar="URL")
    arguments = parser.parse_args()
    for server in (None, arguments.postgresql) if arguments.postgresql else (None,):
        with scratch_database(server) as database:
            fill(open_ports(database), Size(jobs=arguments.pictures, waiting=1, people=1))
            with database.begin() as session:
                session.execute(text(_ON_SQLITE if database.is_sqlite else _ON_POSTGRESQL))
                if not database.is_sqlite:
                    session.execute(text("ANALYZE pictures"))
            _measure(database, arguments.pictures)


def _measure(database: Database, pictures: int) -> None:
    clock = ProcessorClock(database)
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    for what, query in _QUERIES.items():
        taken = []
        for _ in range(_ROUNDS + 1):
            started = clock.seconds()
            render_pictures(database, person(0), query)
            taken.append((clock.seconds() - started) * 1000)
        median, slowest = statistics.median(taken[1:]), max(taken[1:])  # the first compiles statements
        print(f"{name}, {pictures:,}: {what}: median {median:.1f} ms, slowest {slowest:.1f} ms")  # noqa: T201


if __name__ == "__main__":
    main()
