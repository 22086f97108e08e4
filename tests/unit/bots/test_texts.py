"""Small words: text, regions, sides, aspects, seeds, states, lineage, JSON."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.commands.generation.expand import parse_sides
from studio.domain.events import EVENT_KINDS, JobEnded
from studio.domain.jobs import ENDED, MOVES, OUTSTANDING, JobState, sources_of
from studio.domain.lineage import Edge, parents_first
from studio.domain.people import Address, Platform
from studio.domain.requests import MAX_SEED, Operation, PaintRequest, Source, parse_aspect
from studio.errors import BadParameterError
from studio.parsing.grid_regions import is_cell, parse_region
from studio.parsing.text_cleaning import clean_text
from studio.serialization import from_data, to_data
from tests.support.fakes import someone


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("A1", ["A1"]),
        ("b2-c3", ["B2", "B3", "C2", "C3"]),
        ("C3-B2", ["B2", "B3", "C2", "C3"]),
        ("A1, D4", ["A1", "D4"]),
        ("A1 D4", ["A1", "D4"]),
        ("top left", ["A1", "A2", "B1", "B2"]),
        ("centre", ["B2", "B3", "C2", "C3"]),
    ],
)
def test_regions_are_cells(text, cells):
    assert list(parse_region(text)) == cells


@pytest.mark.parametrize("text", ["E1", "A5", "A0", "A1-", "-", "here", "A1-E9", ""])
def test_what_is_off_the_grid_is_refused(text):
    with pytest.raises(BadParameterError):
        parse_region(text)


@given(st.text(max_size=60))
def test_any_region_is_cells_or_a_sentence(text):
    try:
        cells = parse_region(text)
    except BadParameterError:
        return
    assert cells
    assert all(is_cell(cell) for cell in cells)


def test_sides_are_in_order_and_have_synonyms():
    assert parse_sides("down, left") == ("left", "bottom")
    assert parse_sides("all") == ("left", "top", "right", "bottom")
    with pytest.raises(BadParameterError):
        parse_sides("sideways")


@pytest.mark.parametrize("text", ["3:2", "3x2", "3/2"])
def test_aspects_are_read(text):
    assert parse_aspect(text) == (3, 2)


def test_seeds_wrap_around():
    request = PaintRequest(operation=Operation.IMAGINE, seed=MAX_SEED)
    assert [request.seed_of(index) for index in range(3)] == [MAX_SEED, 0, 1]


@given(st.text())
def test_clean_text_is_settled_and_one_line(text):
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert "\n" not in cleaned
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\x00")


def test_every_state_is_outstanding_or_ended():
    assert set(JobState) == OUTSTANDING | ENDED
    assert set(MOVES) == set(JobState)


def test_nothing_leaves_a_final_state():
    for state in (JobState.DONE, JobState.CANCELLED, JobState.FAILED):
        assert not MOVES[state]


def test_only_painting_leads_to_done_without_a_moderator():
    assert sources_of(JobState.DONE) - {JobState.HELD, JobState.REFUSED} == {JobState.PAINTING}


def test_a_family_tree_begins_with_its_oldest():
    edges = [Edge("c", "b"), Edge("b", "a"), Edge("d", "a"), Edge("d", "c")]
    assert parents_first(edges) == ["a", "b", "c", "d"]


def test_nobody_is_their_own_ancestor():
    with pytest.raises(ValueError, match="ancestor"):
        parents_first([Edge("a", "b"), Edge("b", "a")])


def test_values_survive_json():
    request = PaintRequest(
        operation=Operation.EDIT, seed=3, sources=(Source(key="k", picture_id="p"),), cells=("A1",)
    )
    expiry = datetime(2026, 1, 1, tzinfo=UTC)
    address = Address(
        platform=Platform.DISCORD,
        community="1",
        channel="2",
        token_expires_at=expiry,
    )
    for value in (request, someone("ana", moderator=True), address):
        assert from_data(type(value), to_data(value)) == value


def test_fields_of_a_later_version_are_ignored():
    assert from_data(Source, {"key": "k", "shine": 3}) == Source(key="k")


def test_events_have_names_and_carry_no_secret():
    event = JobEnded(job_id="j", platform=Platform.WEB, state=JobState.DONE)
    assert EVENT_KINDS["JobEnded"] is JobEnded
    assert from_data(JobEnded, to_data(event)) == event


def test_an_interaction_token_is_never_in_a_repr():
    address = Address(platform=Platform.DISCORD, community="1", channel="2", token="s3cret")
    assert "s3cret" not in repr(address)
