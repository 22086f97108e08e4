"""Random histories of the small kinds of gatherings."""

from tests.support.gathering_machine import Driver, machine_of
from tests.support.gatherings import Table
from tests.support.postcard_kind import with_postcards


def _open_vote(table: Table, host: str) -> str:
    return table.open(host, "pick", job=table.finish_job(host), lasts="10m")


def _open_postcards(table: Table, host: str) -> str:
    return table.open(host, "postcards", words="greetings", cards=3)


TestTileVote = machine_of(Driver(open=_open_vote))
TestPostcards = machine_of(Driver(open=_open_postcards, prepare=with_postcards))
