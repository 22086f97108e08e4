"""The list of pictures, its search and its filters, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from studio.clock import now
from studio.commands.registry import execute
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.identities import linked_identities
from studio.db.tables import JobRow, PersonRow, PictureRow
from studio.domain.jobs import JobState
from studio.domain.people import Address, Person, Platform, Role
from studio.domain.requests import Operation
from studio.ports import Ports
from studio.services.gallery import picture_list
from studio.services.gallery.picture_list import PictureFilter, Position, list_homes, list_pictures
from tests.support.fakes import fake_ports, someone
from tests.support.finished_jobs import paint_job

ANA, BO = someone("ana"), someone("bo")
OPEN = Address(platform=Platform.WEB, community="room", channel="main")
SECRET = replace(OPEN, channel="secret", private=True)
EVERYBODY = PictureFilter(mine=False)


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url)
    yield made
    made.database.close()


def paint(
    ports: Ports, prompt: str, *, person: Person = ANA, address: Address = OPEN, **values: object
) -> str:
    """The id of the one picture."""
    call = Call(person=person, address=address, request_key=f"{person.key}{prompt}")
    accepted = execute(ports, call, "imagine", {"prompt": prompt, "count": 1, **values})
    assert isinstance(accepted, Accepted)
    return f"{paint_job(ports, accepted.job_id)}.1"


def listed(
    database: Database,
    wanted: PictureFilter | None = None,
    *,
    viewer: Person = ANA,
    after: Position | None = None,
    limit: int = 60,
) -> list[str]:
    with database.read() as session:
        found = list_pictures(session, viewer, wanted or PictureFilter(), after=after, limit=limit)
    return [entry.picture.id for entry in found]


def test_a_page_of_a_frequent_word_is_found_among_the_newest_as_by_the_index(
    instance: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = ("a fox", "a Foxglove, blue", "a boat", "an ära of foxes", "blue fox/dog")
    pictures = [paint(instance, prompt) for prompt in prompts]
    for words in ("fox", "BLUE fo", "ära", "dog"):
        wanted = PictureFilter(words=words)
        with monkeypatch.context() as patch:
            patch.setattr(picture_list, "_FIRST_READ", 0)
            by_index = listed(instance.database, wanted)
        assert by_index
        assert set(by_index) <= set(pictures)
        with monkeypatch.context() as patch:
            patch.setattr(picture_list, "matches", None)
            assert listed(instance.database, wanted, limit=len(by_index)) == by_index


def searched(ports: Ports, words: str) -> list[str]:
    return listed(ports.database, PictureFilter(words=words))


def test_words_are_found_in_prompts_and_alternative_texts_by_their_beginnings(instance: Ports) -> None:
    fox = paint(instance, "A red Fox/hound, in the snow")
    boat = paint(instance, "un café près d'un bateau_bleu")
    for words in ("fox", "FOX snow", "hou", "red-fox"):
        assert searched(instance, words) == [fox], words
    for words in ("café", "bleu", "d un bateau"):
        assert searched(instance, words) == [boat], words
    for words in ("fox bateau", "ox", "?!", '" OR words : *', "AND"):
        assert searched(instance, words) == [], words
    call = Call(person=ANA, address=OPEN, request_key="alt")
    execute(instance, call, "alt", {"picture": boat, "text": "a lighthouse at night"})
    assert searched(instance, "lighthouse") == [boat]
    assert searched(instance, "café") == [boat]


def test_words_of_what_is_deleted_or_forgotten_are_found_no_more(instance: Ports) -> None:
    paint(instance, "a red fox")
    boat = paint(instance, "a red boat")
    call = Call(person=ANA, address=OPEN, request_key="delete")
    (fox,) = searched(instance, "fox")
    execute(instance, call, "delete", {"what": fox})
    assert searched(instance, "red") == [boat]
    execute(instance, call, "forget-me", {"confirm": "yes"})
    assert listed(instance.database, replace(EVERYBODY, words="red"), viewer=BO) == []
    if instance.database.is_sqlite:
        with instance.database.read() as session:
            found = session.connection().exec_driver_sql("SELECT words FROM picture_search").scalars()
            assert not [words for words in found if words.strip()]


def test_pages_follow_each_other_without_a_gap_or_a_repetition(instance: Ports) -> None:
    made = [paint(instance, f"fox {number}") for number in range(7)]
    at = now() - timedelta(days=1)
    with instance.database.begin() as session:  # two moments for all of them
        for index, picture in enumerate(made):
            session.get_one(PictureRow, picture).created_at = at + timedelta(seconds=index % 2)
    pages: list[str] = []
    after = None
    while page := listed(instance.database, after=after, limit=2):
        pages += page
        with instance.database.read() as session:
            after = Position(session.get_one(PictureRow, page[-1]).created_at, page[-1])
    assert pages == listed(instance.database)
    assert sorted(pages) == sorted(made)


def test_what_others_keep_to_themselves_leaves_no_gap_in_a_page(instance: Ports) -> None:
    shown = [paint(instance, f"fox {number}") for number in range(2)]
    paint(instance, "a private boat", private=True)
    assert sorted(listed(instance.database, EVERYBODY, viewer=BO, limit=2)) == sorted(shown)


def test_nobody_finds_what_is_not_theirs_to_see(instance: Ports) -> None:
    shown = paint(instance, "a fox")
    secret = paint(instance, "a fox in private", address=SECRET)
    unlisted, held, gone = (paint(instance, f"a fox {name}") for name in ("unlisted", "held", "gone"))
    elsewhere = replace(BO, community="elsewhere")
    with instance.database.begin() as session:
        session.get_one(JobRow, unlisted[:-2]).visibility = "unlisted"
        session.get_one(JobRow, held[:-2]).state = JobState.HELD
        session.get_one(PictureRow, gone).deleted_at = now()
    for wanted in (EVERYBODY, replace(EVERYBODY, words="fox")):
        assert listed(instance.database, wanted, viewer=BO) == [shown]
        assert listed(instance.database, wanted, viewer=elsewhere) == []
        assert set(listed(instance.database, wanted)) == {shown, secret, unlisted}
    assert set(searched(instance, "fox")) == {shown, secret, unlisted}
    assert listed(instance.database, viewer=BO) == []


def test_pictures_of_linked_identities_are_one_s_own(instance: Ports) -> None:
    theirs = paint(instance, "a fox")
    paint(instance, "a boat", person=BO)
    elsewhere = replace(BO, community="elsewhere")
    with instance.database.begin() as session:
        home = session.get_one(PersonRow, BO.key)
        row = {column.key: getattr(home, column.key) for column in PersonRow.__table__.columns}
        session.add(
            PersonRow(
                **row | {"key": elsewhere.key, "community": "elsewhere", "human": elsewhere.key}  # type: ignore[arg-type]
            )
        )
        session.flush()
        linked_identities.link(session, ANA.key, elsewhere.key)
    assert listed(instance.database, viewer=elsewhere) == [theirs]
    assert listed(instance.database, EVERYBODY, viewer=elsewhere) == [theirs]
    with instance.database.read() as session:
        homes = list_homes(session, elsewhere)
    assert homes == [elsewhere.home, ANA.home]
    assert [listed(instance.database, PictureFilter(home=home), viewer=elsewhere) for home in homes] == [
        [],
        [theirs],
    ]


def test_a_saved_style_is_a_filter_for_those_who_may_use_it(instance: Ports) -> None:
    """Pictures of another person are found by it once it is shared; a name alone tells nothing of theirs."""
    moderator = replace(ANA, roles=frozenset({Role.MEMBER, Role.MODERATOR}))
    call = Call(person=moderator, address=OPEN, request_key="style")
    execute(instance, call, "style", {"do": "save", "name": "ink wash", "words": "ink wash on rice paper"})
    washed = paint(instance, "a fox", style="ink wash")
    paint(instance, "a boat")
    wanted = PictureFilter(style="ink wash")
    assert listed(instance.database, wanted) == [washed]
    assert listed(instance.database, replace(wanted, mine=False), viewer=BO) == []
    execute(instance, call, "style", {"do": "share", "name": "ink wash"})
    assert listed(instance.database, replace(wanted, mine=False), viewer=BO) == [washed]


def test_filters_leave_out_what_does_not_fit(instance: Ports) -> None:
    large, styled = paint(instance, "a fox"), paint(instance, "a boat")
    with instance.database.begin() as session:
        for picture, values in ((large, {"model": "large"}), (styled, {"style": "ink"})):
            row = session.get_one(PictureRow, picture)
            row.recipe = {**row.recipe, **values}
    theirs = paint(instance, "a bird", person=BO)
    call = Call(person=ANA, address=OPEN, request_key="star")
    execute(instance, call, "star", {"picture": theirs})
    today, yesterday = now().date(), now().date() - timedelta(days=1)
    for wanted, expected in (
        (PictureFilter(model="large"), [large]),
        (PictureFilter(style="ink"), [styled]),
        (PictureFilter(operation=Operation.BLEND), []),
        (PictureFilter(operation=Operation.IMAGINE), [styled, large]),
        (PictureFilter(starred=True), []),
        (replace(EVERYBODY, starred=True), [theirs]),
        (PictureFilter(since=today, until=today), [styled, large]),
        (PictureFilter(until=yesterday), []),
        (PictureFilter(since=today + timedelta(days=1)), []),
    ):
        assert listed(instance.database, wanted) == expected, wanted
