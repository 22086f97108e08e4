"""The audit chain on every database: it grows in order, shows tampering, and forgets people without breaking."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from moderation.cases.retention import let_go
from moderation.cli.policy_commands import audit_app
from moderation.records import audit_log, bans
from moderation.records.tables import AuditRow
from studio.clock import now
from studio.db.database import Database
from tests.support.fakes import open_empty

ADA, GRACE, MOD = "web:room:ada", "web:room:grace", "web:room:mod"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_empty(database_url)
    yield database
    database.close()


def fill(database: Database, count: int = 5) -> None:
    for number in range(count):
        with database.begin() as session:
            subject = ADA if number % 2 else GRACE
            audit_log.append(
                session, "warn", actor=MOD, subject=subject, details={"case": number, "rule": "listed"}
            )


def verified(database: Database) -> audit_log.Verified:
    with database.read() as session:
        return audit_log.verify(session)


def change(database: Database, statement: Any) -> None:
    with database.begin() as session:
        session.execute(statement)


def test_an_empty_chain_is_whole(database: Database) -> None:
    assert verified(database) == audit_log.Verified(entries=0, erased=0, head=audit_log.FIRST_HASH)


def test_a_chain_that_nobody_touched_is_whole(database: Database) -> None:
    fill(database)
    assert verified(database).whole
    assert verified(database).entries == 5


def test_old_entries_are_emptied_and_the_chain_still_holds(database: Database) -> None:
    long_ago = now() - timedelta(days=400)
    with database.begin() as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr("moderation.records.audit_log.now", lambda: long_ago)
        audit_log.append(session, "ban", actor=MOD, subject=ADA, details={"reason": "spam"})
    fill(database, 2)
    assert let_go(database, keep=timedelta(days=365)) == 1
    assert let_go(database, keep=timedelta(days=365)) == 0
    assert (verified(database).whole, verified(database).erased) == (True, 1)


def test_entries_from_many_threads_stand_in_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: fill(database, 5), range(8)))
    assert verified(database).whole
    assert verified(database).entries == 40


@pytest.mark.parametrize(
    "values",
    [
        {"action": "praise"},
        {"actor": ADA},
        {"subject": MOD},
        {"details": {"case": 2, "rule": "none"}},
        {"salt": None},
        {"content_hash": "0" * 64},
        {"entry_hash": "0" * 64},
    ],
    ids=lambda values: next(iter(values)),
)
def test_any_change_shows(database: Database, values: dict[str, Any]) -> None:
    fill(database)
    change(database, update(AuditRow).where(AuditRow.number == 3).values(**values))
    assert verified(database).broken_at == 3


def test_a_missing_entry_shows(database: Database) -> None:
    fill(database)
    change(database, delete(AuditRow).where(AuditRow.number == 2))
    assert verified(database).broken_at == 3


def test_an_entry_with_a_hash_of_its_own_breaks_what_follows(database: Database) -> None:
    fill(database)
    with database.begin() as session:
        row = session.get(AuditRow, 2)
        assert row is not None
        row.action = "praise"
        row.entry_hash = audit_log._entry_hash(row)
    assert verified(database).broken_at == 3


def test_a_chain_that_was_cut_has_another_head(database: Database) -> None:
    fill(database)
    head = verified(database).head
    change(database, delete(AuditRow).where(AuditRow.number == 5))
    assert verified(database).whole
    assert verified(database).head != head


def test_a_person_is_forgotten_and_the_chain_still_holds(database: Database) -> None:
    fill(database)
    with database.begin() as session:
        assert audit_log.erase(session, ADA) == 2
    after = verified(database)
    assert after.whole
    assert (after.entries, after.erased) == (6, 2)
    with database.read() as session:
        assert ADA not in str(list(audit_log.export(session)))


def emptied(number: int) -> Any:
    nothing = {"actor": None, "subject": None, "details": None, "salt": None}
    return update(AuditRow).where(AuditRow.number == number).values(**nothing)


def test_an_entry_emptied_by_hand_shows(database: Database) -> None:
    fill(database)
    with database.begin() as session:
        audit_log.erase(session, ADA)
    change(database, emptied(3))
    assert verified(database).broken_at == 3


def test_an_erase_entry_outlasts_everything_and_cannot_be_emptied_either(database: Database) -> None:
    fill(database)
    with database.begin() as session:
        audit_log.erase(session, ADA)
        audit_log.expire(session, before=now() + timedelta(days=1))
        assert audit_log.expire(session, before=now() + timedelta(days=1)) == 0
    assert (verified(database).whole, verified(database).erased) == (True, 5)
    change(database, emptied(6))
    assert verified(database).broken_at == 2


def test_bans_are_written_down_with_the_change_they_tell_of(database: Database) -> None:
    with database.begin() as session:
        bans.ban(session, ADA, by=MOD, reason="spam")
    with database.begin() as session:
        bans.unban(session, ADA, by=MOD)
    with contextlib.suppress(ZeroDivisionError), database.begin() as session:
        bans.ban(session, ADA, by=MOD)
        raise ZeroDivisionError
    with database.read() as session:
        actions = [(entry["action"], entry["actor"], entry["subject"]) for entry in audit_log.export(session)]
    assert actions == [("ban", MOD, ADA), ("unban", MOD, ADA)]


def test_the_commands_verify_and_export(database: Database, tmp_path: Any) -> None:
    fill(database)
    url = database.url.render_as_string(hide_password=False)
    run = CliRunner()
    whole = run.invoke(audit_app, ["verify", "--database", url])
    assert whole.exit_code == 0
    assert verified(database).head in whole.output.replace("\n", "")
    for name, first in (("entries.csv", "number,at,action"), ("entries.jsonl", '{"number": 1')):
        path = tmp_path / name
        assert run.invoke(audit_app, ["export", str(path), "--database", url]).exit_code == 0
        assert path.read_text("utf-8").startswith(first)
        assert MOD in path.read_text("utf-8")
    assert run.invoke(audit_app, ["verify", "--database", url, "--head", "f" * 64]).exit_code == 1
    change(database, update(AuditRow).where(AuditRow.number == 3).values(action="praise"))
    broken = run.invoke(audit_app, ["verify", "--database", url])
    assert broken.exit_code == 1
    assert "entry 3" in broken.output
