"""A page of My pictures, and a search, among many pictures of one person and more of others.

Run it with ``python -m chatelier.benchmarks.database_size.picture_list``.
"""

import argparse
import statistics

from sqlalchemy import select, text

from bots.web.routes.gallery.gallery_page import PICTURES_A_PAGE, render_pictures
from chatelier.benchmarks.database_size.bulk_fill import Size, fill, person
from chatelier.benchmarks.database_size.measurement import ProcessorClock, scratch_database
from chatelier.benchmarks.database_size.open_ports import open_ports
from studio.db.database import Database
from studio.db.tables import PictureRow

_ROUNDS = 15
# One picture in ten shows a lighthouse, beside the fox of all.
_ON_SQLITE = "UPDATE pictures SET recipe = json_set(recipe, '$.prompt', 'a fox at a lighthouse') WHERE id LIKE '%7__.1'"
_ON_POSTGRESQL = """
    UPDATE pictures SET recipe = jsonb_set(recipe, '{prompt}', '"a fox at a lighthouse"') WHERE id LIKE '%7__.1'
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
    parser.add_argument("--pictures", type=int, default=10_000, help="of each person")
    parser.add_argument("--people", type=int, default=1)
    parser.add_argument("--postgresql", metavar="URL")
    arguments = parser.parse_args()
    for server in (None, arguments.postgresql) if arguments.postgresql else (None,):
        with scratch_database(server) as database:
            jobs = arguments.pictures * arguments.people
            fill(open_ports(database), Size(jobs=jobs, waiting=1, people=arguments.people))
            with database.begin() as session:
                session.execute(text(_ON_SQLITE if database.is_sqlite else _ON_POSTGRESQL))
                if not database.is_sqlite:
                    session.execute(text("ANALYZE pictures"))
            _measure(database, arguments.pictures, arguments.people)


def _measure(database: Database, pictures: int, people: int) -> None:
    clock = ProcessorClock(database)
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    deep = {
        f"page {page}{of}": {**query, "after": _end_of_page(database, page - 1, mine=not query)}
        for page in (50, 160)
        for of, query in (("", {}), (" of everybody's", {"of": "everybody"}))
    }
    for what, query in (_QUERIES | deep).items():
        taken = []
        for _ in range(_ROUNDS + 1):
            started = clock.seconds()
            render_pictures(database, person(0), query)
            taken.append((clock.seconds() - started) * 1000)
        median, slowest = statistics.median(taken[1:]), max(taken[1:])  # the first compiles statements
        among = f"{name}, {pictures:,} of {pictures * people:,}"
        print(f"{among}: {what}: median {median:.1f} ms, slowest {slowest:.1f} ms")  # noqa: T201


def _end_of_page(database: Database, page: int, *, mine: bool) -> str:
    """Where the next page begins, as the gallery names it."""
    place = (PictureRow.created_at, PictureRow.id)
    query = select(*place).order_by(*(column.desc() for column in place))
    if mine:
        query = query.where(PictureRow.person_key == person(0).key)
    with database.read() as session:
        created_at, picture_id = session.execute(query.offset(page * PICTURES_A_PAGE - 1).limit(1)).one()
    return f"{created_at.isoformat()}~{picture_id}"


if __name__ == "__main__":
    main()
