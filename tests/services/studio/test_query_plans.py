"""No frequent query walks over all jobs, pictures or entries of the ledger, on either database."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, event, text, update

from bots.queries.gathering_view import load_gathering_view
from bots.queries.job_view import load_job_views
from bots.web.queries.desk_week import read_week
from bots.web.queries.job_cards import children_of
from engine.maintenance.job_sweeper import Sweeper
from moderation.cases.case_previews import read_previews
from studio.clock import now
from studio.commands.completion.finders import FINDERS, FINDERS_BY_KIND, earlier_prompts, own_pictures
from studio.commands.registry import CATALOG, execute
from studio.commands.spec import Call
from studio.db import credit_ledger, outbox, queries
from studio.db.cases import desk_cases, open_case
from studio.db.database import Database
from studio.db.gatherings.participants import find_participants
from studio.db.queue import queue_lengths
from studio.db.queue.community_turns import choose_job
from studio.db.queue_estimates import outlook, outlooks
from studio.db.tables import JobRow
from studio.domain.cases import CaseKind, NewCase
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.provenance import Traces
from studio.gatherings.people import take_out_of_all
from studio.ports import InstanceLimits, Ports
from studio.services.picture_deletion import delete_unseen_pictures
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.many_jobs import fill, fill_gatherings, person_key

LARGE = {"jobs", "job_sources", "pictures", "ledger", "balances", "storage_use", "gathering_parts", "ballots"}
WAITING = "ix_jobs_waiting"  # has the jobs that wait alone, and may be read as a whole
SPEC = CATALOG["vary"]
ANA, MODERATOR = someone("p7"), someone("mo", moderator=True)


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url, InstanceLimits(monthly_credits=1000))
    fill(made, jobs=600, people=20, waiting=120)
    fill_gatherings(made, ended=200, parts=6)
    yield made
    made.database.close()


def call(key: str, *, moderator: bool = False) -> Call:
    return Call(person=MODERATOR if moderator else ANA, address=somewhere(), request_key=key)


def suggestions(instance: Ports) -> None:
    finders = (*FINDERS.values(), *FINDERS_BY_KIND.values(), earlier_prompts, own_pictures)
    with instance.database.read() as session:
        for find in finders:
            find(session, call("suggest"), SPEC)


def feed(instance: Ports) -> None:
    with instance.database.read() as session:
        jobs = queries.recent_jobs(session, ANA, limit=20)
        older = queries.recent_jobs(session, ANA, limit=20, before=jobs[-1])
        load_job_views(session, [*jobs, *older])
        children_of(session, ["d00000000007.1", "d00000000008.1"])


def deletions(instance: Ports) -> None:
    execute(instance, call("delete"), "delete", {"what": "d00000000007.1"})
    execute(instance, call("take down", moderator=True), "delete", {"what": "d00000000008.1"})


def unseen_pictures(instance: Ports) -> None:
    delete_unseen_pictures(instance.database, before=now() - timedelta(days=1))


def queue_estimates(instance: Ports) -> None:
    """With two communities of which jobs wait, and a job that a worker takes."""
    elsewhere = Call(
        person=someone("bo", community="small"), address=somewhere("small"), request_key="elsewhere"
    )
    other = execute(instance, elsewhere, "imagine", {"prompt": "a blue fox"}).job_id
    with instance.database.read() as session:
        assert outlook(session, "q00000000100").ahead == 101
    with instance.database.begin() as session:
        assert choose_job(session, "q00000000007", at=now()) == "q00000000000"
        assert choose_job(session, "q00000000007", at=now(), own_queues={"thimble"})
        session.execute(update(JobRow).where(JobRow.id == other).values(state=JobState.FAILED))
    with instance.database.read() as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue_lengths, "_HOLDS_SECONDS", 0.0)
        assert outlook(session, "q00000000100").ahead == 100
        assert len(outlooks(session, [f"q{number:011}" for number in range(120)])) == 120
        assert outlooks(session, ["q00000000007", "q00000000100"])["q00000000100"].ahead == 100


def balances(instance: Ports) -> None:
    with instance.database.read() as session:
        for read in (credit_ledger.balance, credit_ledger.used_credits, credit_ledger.gifts):
            read(session, person_key(7), at=now())


def sweep(instance: Ports) -> None:
    sweeper = Sweeper(
        database=instance.database, queue=instance.queue, events=instance.events, rules=instance.rules
    )
    sweeper.sweep()


def votes(instance: Ports) -> None:
    execute(instance, call("vote"), "gather", {"do": "vote", "id": "g00000000000", "part": 2})
    load_gathering_view(instance.database, "g00000000000", reader=ANA)
    with instance.database.begin() as session:
        take_out_of_all(session, [ANA.key])


def participants(instance: Ports) -> None:
    with instance.database.read() as session:
        find_participants(session, Platform.WEB)


def outbox_rounds(instance: Ports) -> None:
    outbox.send_undelivered(instance.database, instance.events, at=now() + timedelta(hours=1))
    outbox.send_unsent(instance.database, instance.events, before=now())


def desk(instance: Ports) -> None:
    with instance.database.begin() as session:
        cases = [
            open_case(session, NewCase(kind=kind, case_key=f"{kind}", subject=ANA, job_id=f"d{number:011}"))[
                0
            ]
            for number, kind in enumerate(CaseKind)
        ]
        session.flush()
        read_week(session, MODERATOR, at=now())
        assert len(read_previews(session, cases)) == len(cases)
        desk_cases(session, MODERATOR)


@pytest.mark.parametrize(
    "act",
    [
        lambda instance: execute(instance, call("imagine"), "imagine", {"prompt": "a red fox"}),
        lambda instance: execute(instance, call("history"), "history", {}),
        lambda instance: execute(instance, call("queue"), "queue", {}),
        lambda instance: execute(instance, call("cancel"), "cancel", {"job": "q00000000007"}),
        lambda instance: execute(instance, call("credits"), "credits", {}),
        suggestions,
        feed,
        deletions,
        unseen_pictures,
        queue_estimates,
        balances,
        sweep,
        votes,
        participants,
        outbox_rounds,
        desk,
    ],
    ids=[
        "submit",
        "history",
        "queue",
        "cancel",
        "credits",
        "suggestions",
        "feed",
        "deletions",
        "unseen pictures",
        "queue estimates",
        "balances",
        "sweep",
        "votes",
        "participants",
        "outbox",
        "desk",
    ],
)
def test_no_frequent_query_walks_over_a_large_table(instance: Ports, act: Callable[[Ports], Any]) -> None:
    statements = statements_of(instance.database, lambda: act(instance))
    assert any(table in statement for statement, _ in statements for table in (*LARGE, "outbox"))
    walks = {
        statement: found
        for statement, parameters in statements
        if (found := walks_of(instance.database, statement, parameters))
    }
    assert not walks, "\n\n".join(f"{statement}\n{found}" for statement, found in walks.items())


def test_look_alikes_are_sought_among_all_pictures_without_reading_the_table_again(instance: Ports) -> None:
    def whose(key: str) -> Any:
        return execute(instance, call(key), "whose", {"image": Traces(fingerprint="0f" * 32)})

    whose("1")
    statements = statements_of(instance.database, lambda: whose("2"))
    assert any("perceptual_hash" in statement for statement, _ in statements)
    assert not [statement for statement in statements if walks_of(instance.database, *statement)]


def test_a_walk_is_noticed(instance: Ports) -> None:
    assert walks_of(instance.database, "SELECT id FROM jobs WHERE command = 'imagine'", None)
    assert not walks_of(instance.database, "SELECT command FROM jobs WHERE id = 'd00000000007'", None)


def statements_of(database: Database, act: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Every different statement that reads or changes rows, with the parameters that it had first."""
    found: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            found.setdefault(statement, parameters[0] if isinstance(parameters, list) else parameters)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return list(found.items())


def walks_of(database: Database, statement: str, parameters: Any) -> list[str]:
    if database.is_sqlite:
        steps = [row.detail for row in explain(database, statement, parameters) if WAITING not in row.detail]
        whole = (step for step in steps if step.startswith("SCAN") or step.endswith("(platform=?)"))
        return [step for step in whole if step.split()[1] in LARGE]
    with database.engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        return list(_walks_below((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))


def explain(database: Database, statement: str, parameters: Any) -> Sequence[Row[Any]]:
    """SQLite's plan."""
    with database.engine.connect() as connection:
        return connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()


def _walks_below(node: dict[str, Any]) -> Iterator[str]:
    """Sequential scans, and those of a whole index."""
    kind, table = node["Node Type"], node.get("Relation Name")
    whole_index = kind in ("Index Scan", "Index Only Scan") and "Index Cond" not in node
    whole_index = whole_index and node.get("Index Name") != WAITING
    if table in LARGE and node.get("Parent Relationship") != "Member" and (kind == "Seq Scan" or whole_index):
        yield f"{kind} on {table} {node.get('Index Name', '')} {node.get('Filter', '')}"
    for child in node.get("Plans", ()):
        yield from _walks_below(child)


def test_the_latest_jobs_of_a_person_are_read_without_sorting_the_others(tmp_path: Path) -> None:
    instance = fake_ports(f"sqlite:///{tmp_path / 'studio.sqlite3'}")

    def act() -> None:
        execute(instance, call("history"), "history", {})
        with instance.database.read() as session:
            own_pictures(session, call("suggest"), SPEC)

    plans = [
        [row.detail for row in explain(instance.database, statement, parameters)]
        for statement, parameters in statements_of(instance.database, act)
        if "FROM jobs" in statement and "ORDER BY" in statement
    ]
    instance.database.close()
    assert plans == [["SEARCH jobs USING INDEX ix_jobs_person_key_created_at (person_key=?)"]] * 2
