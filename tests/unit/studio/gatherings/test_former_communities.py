"""Gatherings of a Slack Enterprise Grid that were opened when rows named the organisation too."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from studio.db.gatherings import gathering_rows, participants
from studio.db.tables import GatheringRow
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.gatherings import Table, tables


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    for found in tables(ports, monkeypatch):
        address = replace(found.address, platform=Platform.SLACK, community="E1:T1")
        yield replace(found, address=address)


def test_they_are_found_as_those_of_the_workspace(table: Table, ports: Ports) -> None:
    address = table.address
    game = table.open("ana", "telephone", players=3, turn="1d")
    with ports.database.begin() as session:
        session.execute(update(GatheringRow).values(community="E1:T1"))
    with ports.database.read() as session:
        (found,) = gathering_rows.open_in_community(session, address)
        assert found.id == game
        assert participants.only_in_community(session, [game], address.home) == [game]
        assert [row.id for row in gathering_rows.find_open(session, [address.home])] == [game]
        for other in ("1", "E1:XT1", "E1"):
            assert not gathering_rows.open_in_community(session, replace(address, community=other))
