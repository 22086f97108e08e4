"""Every column that names a person is known to what erases a person, on SQLite and PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, String, select

import bots.slack.db_tables  # noqa: F401 - the metadata has the tables of all packages
import moderation.records.tables  # noqa: F401
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import (
    ERASURE,
    BallotRow,
    Base,
    CaseRow,
    CollectedRow,
    CommunityRow,
    Erasure,
    FolderPictureRow,
    FolderRow,
    GatheringMemberRow,
    GatheringPartRow,
    GatheringRow,
    LineageRow,
    LinkCodeRow,
    NoticeRow,
    PreferencesRow,
    ProposalRow,
    SavedStyleRow,
    ShareRow,
    SignInRow,
    StarRow,
    UploadRow,
)
from studio.ports import Ports
from studio.services.personal_data import person_columns
from tests.support.case_sim import with_desk
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_job

ANA = someone("ana").key
OTHER_KEYS = {
    *("jobs.request_key", "cases.case_key", "ledger.entry_key"),  # as long, and of no person
    *("pictures.hidden_by", "pictures.taken_down_by", "outside_reports.decide_by"),  # cases, a time
    "outside_reports.contact",  # of people without an identity here
    "sign_ins.subject",  # in a row that goes with its person
}
OF_SLACK_SDK = {
    "slack_bots",
    "slack_installations",
    "slack_oauth_states",
}  # who installed the app, for its token


def may_name_a_person(column: Column) -> bool:
    refers = any(key.column.table.name == "people" for key in column.foreign_keys)
    is_long = isinstance(column.type, String) and (column.type.length or 0) >= 200
    return refers or is_long or column.name.startswith("person_") or column.name.endswith("_by")


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = with_desk(fake_ports(database_url))
    yield made
    made.database.close()


def ask(instance: Ports, name: str, key: str, command: str, **values: object):
    call = Call(person=someone(name), address=somewhere(), request_key=key)
    return execute(instance, call, command, values)


def test_every_column_that_may_name_a_person_says_what_becomes_of_it():
    silent = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        if table.name not in OF_SLACK_SDK
        for column in table.columns
        if may_name_a_person(column) and ERASURE not in column.info
    }
    assert silent == OTHER_KEYS


def test_no_deleted_or_reassigned_column_names_a_forgotten_person(instance: Ports):
    columns = person_columns(Erasure.DELETED, Erasure.REASSIGNED)
    name_in_all_of_them(instance)
    assert [str(column) for column in columns if not names(instance, column)] == []
    ask(instance, "ana", "forget", "forget-me", confirm="yes")
    assert [str(column) for column in columns if names(instance, column)] == []


def names(instance: Ports, column) -> bool:
    with instance.database.read() as session:
        return session.scalars(select(column).where(column == ANA)).first() is not None


def gathering_of_ana() -> GatheringRow:
    place = {"platform": "web", "community": "room", "channel": "main"}
    values = {"rules": {}, "data": {}, "address": place, "round": 1, "opened_at": now(), "changed_at": now()}
    return GatheringRow(id="gather000001", kind="tile_vote", state="voting", host=ANA, **place, **values)


def rows_in_the_gathering() -> tuple[object, ...]:
    whose = {"gathering": "gather000001", "human": ANA, "person_key": ANA}
    part = {"round": 1, "state": "set", "text": "", "data": {}, "attempts": 0, "showings": 0}
    return (
        GatheringPartRow(ordinal=1, changed_at=now(), **part, **whose),
        GatheringMemberRow(joined_at=now(), **whose),
        BallotRow(round=1, choice=1, created_at=now(), **whose),
    )


def sign_in_of_ana() -> SignInRow:
    code = {"subject": "recovery:0f3a", "label": "", "invite": "", "moderator": False, "sign_count": 0}
    return SignInRow(person_key=ANA, created_at=now(), **code)


def name_in_all_of_them(instance: Ports) -> None:
    """A person with a job, two pictures and credits, and one row of every other kind."""
    job = paint_job(instance, ask(instance, "ana", "job", "imagine", prompt="a boat", count=2).job_id)
    case = {"id": "case00000001", "case_key": "a", "kind": "report", "state": "closed", "opened_at": now()}
    place = {"platform": "web", "community": "room"}
    people = dict.fromkeys(("filed_by", "addressee", "claimed_by", "decided_by"), ANA)
    notice = {"id": "notice000001", "kind": "gift", "text": "", "written_at": now()}
    with instance.database.begin() as session:
        session.add_all(
            (
                CaseRow(subject="web:room:bo", **case, **place, **people),
                CommunityRow(community="hall", platform="web", data={}, changed_by=ANA, changed_at=now()),
                LineageRow(child=f"{job}.1", parent=f"{job}.2", operation="vary", person_key=ANA),
                LinkCodeRow(code="code", person_key=ANA, expires_at=now()),
                NoticeRow(person_key=ANA, **notice),
                PreferencesRow(person_key=ANA, data={}),
                UploadRow(file_key="a", person_key=ANA, size_bytes=1, used_at=now(), **place),
                ProposalRow(
                    id="proposal0001",
                    person_key=ANA,
                    command="imagine",
                    data={},
                    prompts={},
                    created_at=now(),
                ),
                gathering_of_ana(),
                CollectedRow(person_key=ANA, item=f"{job}.1", source={}, added_at=now()),
                FolderRow(
                    id="folder000001", person_key=ANA, name="ink", shared=False, created_at=now(), **place
                ),
                FolderPictureRow(
                    person_key=ANA, picture_id=f"{job}.1", folder_id="folder000001", added_at=now()
                ),
                SavedStyleRow(person_key=ANA, name="ink", shared=False, data={}, saved_at=now(), **place),
                ShareRow(token="token", picture_id=f"{job}.1", person_key=ANA, created_at=now()),
                sign_in_of_ana(),
                StarRow(picture_id=f"{job}.1", person_key=ANA, created_at=now()),
            )
        )
        session.flush()
        session.add_all(rows_in_the_gathering())
