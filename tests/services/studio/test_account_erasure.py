"""Whoever asks is forgotten, on SQLite and PostgreSQL: no word, file or name of theirs is left."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bots.delivery.deliveries import record
from engine.maintenance.orphan_files import PARTS_A_RUN, OrphanFileCleaner
from moderation.cases.retention import let_go
from moderation.cases.strikes import strike_sum
from moderation.records import audit_log, bans
from moderation.records.tables import BlockedPictureRow, StrikeRow
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import credit_ledger, job_transitions, outbox, queries
from studio.db.tables import BanRow, Base, CaseRow, DeliveryRow, JobRow, NoticeRow, PersonRow, PictureRow
from studio.domain.cases import CaseKind
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import CaseChanged, JobChanged, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.requests import Source
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import BadParameterError, NotAllowedError, OutOfCreditsError, PolicyRefusalError
from studio.ports import STORE_PARTS, InstanceLimits, Ports
from tests.support.case_sim import with_desk
from tests.support.fakes import fake_ports, ruled, someone, somewhere
from tests.support.finished_jobs import end_job, paint_job

_calls = iter(range(10_000))
REFUSED = Verdict(ruling=Ruling.REFUSE, rule="wording", category="violence")


@pytest.fixture
def instance(database_url: str) -> Iterator[Ports]:
    made = with_desk(fake_ports(database_url))
    yield made
    made.database.close()


def ask(instance: Ports, name: str, command: str, **values: object):
    person = someone(name, moderator=name == "mod")
    call = Call(
        person=person,
        address=replace(somewhere(), token=f"{name}-secret"),
        request_key=f"{name}:{next(_calls)}",
    )
    return execute(instance, call, command, values)


def painted(instance: Ports, name: str, prompt: str = "a secluded thought", **values: object) -> str:
    return paint_job(instance, ask(instance, name, "imagine", prompt=prompt, **{"count": 2, **values}).job_id)


def everything(instance: Ports, *but: str) -> str:
    """All rows of all tables but some, as text."""
    with instance.database.read() as session:
        return "\n".join(
            f"{table.name}: {tuple(row)}"
            for table in Base.metadata.sorted_tables
            if table.name not in but
            for row in session.execute(select(table))
        )


def forget(instance: Ports, name: str = "ana"):
    return ask(instance, name, "forget-me", confirm="yes")


def link(instance: Ports, name: str, other: str) -> None:
    ask(instance, other, "link", code=ask(instance, name, "link").code)


def reported(instance: Ports, job: str) -> str:
    return ask(instance, "bo", "report", picture=f"{job}.1", reason="ana did it").case.id


def left_to(instance: Ports, name: str) -> int:
    with instance.database.read() as session:
        return credit_ledger.balance(session, someone(name).key, at=now())


def test_nothing_of_a_person_is_left(instance: Ports):
    upload = instance.store.put(b"an upload", suffix=".png")
    job = painted(instance, "ana", image=Source(key=upload))
    others = painted(instance, "bo", "something else")
    ask(instance, "ana", "star", picture=f"{others}.1")
    ask(instance, "ana", "settings", style="ink")
    ask(instance, "ana", "report", picture=f"{others}.1", reason="my secluded words")
    filed = ask(instance, "bo", "report", picture=f"{job}.1", reason="ana did it").case.id
    ask(instance, "mod", "review", case=filed, decision="approve")
    ask(instance, "ana", "imagine", prompt="a waiting secluded thought")
    ask(instance, "ana", "link")
    kept = {key for key, data in instance.store.blobs.items() if f"picture {others}" in data.decode()}
    answer = forget(instance)
    assert (answer.pictures, answer.identities) == (2, 1)
    left = everything(instance, "outbox", "ledger")
    for trace in ("secluded", "'ana'", "ana:", "web:room:ana", "Ana", "ana-secret", "did it", "ink"):
        assert trace not in left, trace
    assert {key for key in instance.store.blobs if b"upload" in instance.store.blobs[key]} == set()
    assert not [key for key, data in instance.store.blobs.items() if job in data.decode()]
    assert kept <= set(instance.store.blobs)
    assert [e.picture_id for e in instance.events.published if isinstance(e, PictureChanged)][-3:] == [
        f"{job}.1",
        f"{job}.2",
        f"{others}.1",  # which they had starred
    ]
    with instance.database.read() as session:
        assert queries.find_job(session, job).person.display_name == "somebody"


def test_no_private_place_leads_to_them_a_day_later(instance: Ports, monkeypatch: pytest.MonkeyPatch):
    person = someone("ana")
    address = replace(somewhere(), channel="ana's own", message="m1", private=True)
    values = {"prompt": "a boat"}
    job = execute(instance, Call(person=person, address=address, request_key="dm"), "imagine", values).job_id
    paint_job(instance, job)
    shared = painted(instance, "ana")
    with instance.database.begin() as session:
        message_ref = {"channel": "ana's own", "message": "m1", "final": True, "updated_at": now()}
        session.add(DeliveryRow(kind="job", subject=job, platform="discord", **message_ref))
    forget(instance)
    let_go(instance.database, keep=timedelta(days=365))
    assert "ana's own" in everything(instance)
    monkeypatch.setattr("moderation.cases.retention._DELIVERED", timedelta(days=-1))
    let_go(instance.database, keep=timedelta(days=365))
    assert "ana's own" not in everything(instance)
    with instance.database.read() as session:
        found = queries.find_job(session, job).address
        assert (found.channel, found.private) == ("", True)
        assert queries.find_job(session, shared).address.channel == "main"


def test_a_message_without_pictures_is_shown_anew_though_it_hangs_in_a_private_place(
    instance: Ports, monkeypatch: pytest.MonkeyPatch
):
    long_ago = now() - timedelta(days=9)
    address = replace(somewhere(), channel="ana's own", private=True)
    jobs = []
    for message in ("m1", "", None):
        call = Call(person=someone("ana"), address=address, request_key=f"dm:{message}")
        jobs.append(execute(instance, call, "imagine", {"prompt": "a boat"}).job_id)
        end_job(instance, jobs[-1], JobState.FAILED)
        with instance.database.begin() as session:
            row = session.get_one(JobRow, jobs[-1])
            row.ended_at, row.platform = long_ago, Platform.SLACK
            if message is not None:
                message_ref = {"channel": "ana's own", "message": message, "final": True}
                of_job = {"kind": "job", "subject": jobs[-1], "platform": Platform.SLACK}
                session.add(DeliveryRow(**of_job, **message_ref, updated_at=long_ago))
    forget(instance)
    told = [event.job_id for event in instance.events.published if isinstance(event, JobChanged)]
    assert told == jobs[:1]
    let_go(instance.database, keep=timedelta(days=365))
    with instance.database.read() as session:
        assert [bool(queries.find_job(session, job).address.channel) for job in jobs] == [True, False, False]
    monkeypatch.setattr("moderation.cases.retention._DELIVERED", timedelta(days=-1))
    let_go(instance.database, keep=timedelta(days=365))
    assert "ana's own" not in everything(instance)


def test_what_others_built_stays_with_them(instance: Ports):
    origin = painted(instance, "ana")
    child = paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id)
    forget(instance)
    family = ask(instance, "bo", "lineage", picture=f"{child}.1")
    makers = {relative.picture.job_id: relative.person.display_name for relative in family.relatives}
    assert makers == {origin: "somebody", child: "Bo"}
    prompts = {relative.picture.job_id: relative.picture.recipe.prompt for relative in family.relatives}
    assert prompts[origin] == ""


def test_every_message_that_shows_something_of_them_is_rendered_again(instance: Ports):
    """What was made from their pictures, also from those that they deleted before, and what they starred."""
    origins = [painted(instance, "ana") for _ in range(2)]
    children = [
        paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id) for origin in origins
    ]
    waiting = ask(instance, "cy", "vary", picture=f"{origins[0]}.2").job_id
    starred, others = painted(instance, "bo"), painted(instance, "bo")
    ask(instance, "ana", "star", picture=f"{starred}.1")
    ask(instance, "ana", "delete", what=origins[1])
    instance.events.published.clear()
    forget(instance)
    told = {
        event.job_id for event in instance.events.published if isinstance(event, JobChanged | PictureChanged)
    }
    assert {*children, waiting, starred, *origins} <= told
    assert others not in told


def test_every_message_that_shows_words_of_a_deleted_picture_is_rendered_again(instance: Ports):
    origin = painted(instance, "ana")
    child = paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id)
    grandchild = paint_job(instance, ask(instance, "bo", "vary", picture=f"{child}.1").job_id)
    case = reported_message(instance, grandchild)
    instance.events.published.clear()
    ask(instance, "ana", "delete", what=f"{origin}.1")
    changed = [event for event in instance.events.published if isinstance(event, JobChanged | CaseChanged)]
    assert changed == [
        JobChanged(job_id=child, platform=Platform.WEB),
        CaseChanged(case_id=case, platform=Platform.WEB),
    ]


def reported_message(instance: Ports, job: str) -> str:
    """A case that has a message on the desk's channel."""
    case = ask(instance, "ana", "report", picture=f"{job}.1").case.id
    message_ref = MessageRef(channel="desk", message="m1")
    record(instance.database, Subject(DeliveryKind.CASE, case, Platform.WEB), message_ref)
    return case


def test_a_decided_case_quotes_no_deleted_picture(instance: Ports):
    origin = painted(instance, "ana", "a secluded thought")
    child = ask(instance, "bo", "remix", picture=f"{origin}.1", prompt="an owl").job_id
    case = reported_message(instance, paint_job(instance, child))
    ask(instance, "ana", "delete", what=origin)
    assert instance.desk.read(case).prompts == ("an owl", "a secluded thought")
    ask(instance, "mod", "review", case=case, decision="approve")
    assert instance.desk.read(case).prompts == ("an owl",)


def test_many_messages_are_rendered_again_one_a_second(instance: Ports):
    origin = painted(instance, "ana")
    children = {
        paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1", count=1).job_id)
        for _ in range(30)
    }
    instance.events.published.clear()
    before = now()
    forget(instance)
    at_once = told_of(instance, children)
    assert len(at_once) == 19  # and her own message
    outbox.send_unsent(instance.database, instance.events, before=now())
    assert told_of(instance, children) == at_once
    outbox.send_unsent(instance.database, instance.events, before=before + timedelta(seconds=6))
    assert 22 <= len(told_of(instance, children)) <= 25
    outbox.send_unsent(instance.database, instance.events, before=before + timedelta(minutes=1))
    assert told_of(instance, children) == children


def told_of(instance: Ports, jobs: set[str]) -> set[str]:
    return {event.job_id for event in instance.events.published if isinstance(event, JobChanged)} & jobs


def test_a_job_of_a_chat_that_has_no_message_gets_none(instance: Ports):
    origin = painted(instance, "ana")
    child = paint_job(instance, ask(instance, "bo", "vary", picture=f"{origin}.1").job_id)
    with instance.database.begin() as session:
        session.get_one(JobRow, child).platform = "discord"
    instance.events.published.clear()
    forget(instance)
    assert told_of(instance, {child}) == set()


def test_all_names_of_a_human_are_forgotten_together(instance: Ports):
    first, second = painted(instance, "ana"), painted(instance, "elsewhere")
    link(instance, "ana", "elsewhere")
    assert forget(instance).identities == 2
    left = everything(instance, "ledger", "outbox")
    assert "elsewhere" not in left
    with instance.database.read() as session:
        assert [queries.pictures_of_job(session, job) for job in (first, second)] == [[], []]
        assert not session.scalars(select(PersonRow).where(PersonRow.user_id.in_(["ana", "elsewhere"]))).all()


def test_nobody_is_forgotten_while_a_job_of_theirs_is_painted(instance: Ports):
    job = ask(instance, "ana", "imagine", prompt="a boat").job_id
    with instance.database.begin() as session:
        session.get_one(JobRow, job).state = JobState.PAINTING
    with pytest.raises(NotAllowedError, match="being painted"):
        forget(instance)
    with pytest.raises(BadParameterError, match="yes"):
        ask(instance, "ana", "forget-me", confirm="perhaps")
    with instance.database.read() as session:
        assert queries.find_job(session, job).person.user_id == "ana"


def test_a_job_whose_worker_died_keeps_nobody_from_being_forgotten(instance: Ports):
    job = ask(instance, "ana", "imagine", prompt="a secluded boat").job_id
    with instance.database.begin() as session:
        assert job_transitions.take_lease(session, job, worker="dead", at=now(), lease_seconds=-1)
    forget(instance)
    with instance.database.read() as session:
        assert queries.find_job(session, job).state is JobState.CANCELLED
    assert "secluded" not in everything(instance)


def test_a_ban_and_the_chain_outlast_the_name(instance: Ports):
    painted(instance, "ana")
    ask(instance, "mod", "ban", person=someone("ana").key, reason="spam")
    link(instance, "ana", "elsewhere")
    forget(instance)
    with instance.database.read() as session:
        assert bans.find_ban(session, someone("ana").key)
        assert bans.find_ban(session, someone("elsewhere").key)
        assert session.get(BanRow, someone("ana").key)
        verified = audit_log.verify(session)
        assert (verified.whole, verified.erased) == (True, 1)
        assert someone("ana").key not in str(list(audit_log.export(session)))


def test_whoever_comes_back_is_new_but_not_richer(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    poor_call = {"prompt": "a boat", "count": 4}
    ask(poor, "ana", "imagine", **poor_call)
    paint_job(poor, ask(poor, "ana", "imagine", **poor_call).job_id)
    forget(poor)
    assert ask(poor, "ana", "history").jobs == ()
    assert left_to(poor, "ana") == 6  # the job that waited was paid back


def test_nor_is_any_of_the_names_that_were_linked(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    for name in ("ana", "elsewhere"):
        ask(poor, name, "imagine", prompt="a boat", count=4)
    link(poor, "ana", "elsewhere")
    left = left_to(poor, "ana") + 8  # two jobs that wait are paid back
    forget(poor)
    assert sum(spent_by(poor, name) for name in ("elsewhere", "ana", "elsewhere")) == left
    link(poor, "elsewhere", "ana")
    assert left_to(poor, "ana") == 0


def spent_by(instance: Ports, name: str) -> int:
    """How many pictures somebody can still ask for."""
    asked_for = 0
    try:
        while True:
            painted(instance, name, count=1)
            asked_for += 1
    except OutOfCreditsError:
        return asked_for


def test_next_month_no_account_has_their_name(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    painted(poor, "ana")
    painted(poor, "bo")
    ask(poor, "ana", "credits", to=someone("bo").key, amount=2)
    forget(poor)
    with poor.database.begin() as session:
        credit_ledger.leave_names(session, at=now() + timedelta(days=32))
    left = everything(poor, "outbox")
    assert "web:room:ana" not in left
    assert "web:room:bo" in left


def test_a_gift_names_its_giver_no_more(instance: Ports):
    poor = ruled(instance, InstanceLimits(monthly_credits=10))
    painted(poor, "bo")
    ask(poor, "ana", "credits", to=someone("bo").key, amount=2)
    forget(poor)
    with poor.database.read() as session:
        assert session.scalars(select(NoticeRow.text)).all() == ["Somebody gave you 2 credits."]
        assert "'ana'" not in everything(poor, "outbox")


def test_what_a_moderator_decided_stays_without_their_name(instance: Ports):
    job = painted(instance, "ana")
    with instance.database.begin() as session:
        session.get_one(PictureRow, f"{job}.1").perceptual_hash = "f" * 64
    filed = ask(instance, "bo", "report", picture=f"{job}.1").case.id
    ask(instance, "mod", "review", case=filed)
    ask(instance, "mod", "review", case=filed, decision="block")
    ask(instance, "mod", "community", setting="pictures", value="2")
    ask(instance, "mod", "ban", person=someone("bo").key)
    forget(instance, "mod")
    assert "web:room:mod" not in everything(instance)
    with instance.database.read() as session:
        assert session.get_one(CaseRow, filed).decision == "block"
        assert audit_log.verify(session).whole


def test_who_waits_for_an_answer_hears_that_there_is_none(instance: Ports):
    picture = f"{painted(instance, 'ana')}.1"
    ask(instance, "ana", "settings", remix="ask")
    waiting = ask(instance, "bo", "vary", picture=picture).job_id
    forget(instance)
    with instance.database.read() as session:
        case = session.scalars(select(CaseRow).where(CaseRow.kind == CaseKind.CONSENT)).one()
        assert (case.state, queries.find_job(session, waiting).state) == ("closed", JobState.CANCELLED)


def test_an_open_case_about_them_is_judged_all_the_same(instance: Ports):
    job = painted(instance, "ana", "a secluded thought")
    filed = reported(instance, job)
    link(instance, "ana", "elsewhere")
    forget(instance)
    details = ask(instance, "mod", "review", case=filed).details
    assert (details.subject.display_name, details.case.words) == ("somebody", "ana did it")
    assert "secluded" not in everything(instance)
    ask(instance, "mod", "review", case=filed, decision="ban")
    for name in ("ana", "elsewhere"):
        with instance.database.read() as session:
            assert bans.find_ban(session, someone(name).key)


def test_what_a_moderator_blocks_is_known_until_then(instance: Ports):
    job = painted(instance, "ana")
    with instance.database.begin() as session:
        session.get_one(PictureRow, f"{job}.1").perceptual_hash = "f" * 64
    filed = reported(instance, job)
    forget(instance)
    ask(instance, "mod", "review", case=filed, decision="block")
    with instance.database.read() as session:
        assert session.scalars(select(BlockedPictureRow.fingerprint)).all() == ["f" * 64]
    with instance.database.begin() as session:  # the strike weighs no more
        session.execute(update(StrikeRow).values(at=now() - timedelta(days=301)))
    let_go(instance.database, keep=timedelta(days=365))
    with instance.database.read() as session:
        assert session.get_one(PictureRow, f"{job}.1").perceptual_hash is None


def test_when_nothing_is_judged_any_more_the_rest_goes(instance: Ports):
    filed = reported(instance, painted(instance, "ana"))
    link(instance, "ana", "elsewhere")
    forget(instance)
    let_go(instance.database, keep=timedelta(days=365))
    assert "web:room:ana" in everything(instance)
    ask(instance, "mod", "review", case=filed, decision="approve")
    let_go(instance.database, keep=timedelta(days=365))
    left = everything(instance, "outbox", "ledger")
    assert not [trace for trace in ("web:room:ana", "elsewhere", "did it") if trace in left]


def test_strikes_count_for_whoever_comes_back_under_any_name(instance: Ports):
    filed = reported(instance, painted(instance, "ana"))
    painted(instance, "elsewhere")
    ask(instance, "mod", "review", case=filed, decision="warn")
    with instance.database.begin() as session:
        for row in session.scalars(select(StrikeRow)):
            row.at -= timedelta(days=60)
    link(instance, "ana", "elsewhere")
    forget(instance)
    ask(instance, "elsewhere", "imagine", prompt="a boat")
    with instance.database.read() as session:
        assert strike_sum(session, someone("elsewhere").key) == pytest.approx(0.25, abs=0.01)
        assert session.execute(select(StrikeRow.job_id, StrikeRow.case_id)).one() == (None, None)


def test_nobody_is_left_to_appeal(instance: Ports):
    refusing = replace(instance, gate=replace(instance.gate, verdict=REFUSED))
    with pytest.raises(PolicyRefusalError) as caught:
        ask(refusing, "ana", "imagine", prompt="a boat")
    ask(instance, "ana", "appeal", job=caught.value.job_id)
    forget(instance)
    assert ask(instance, "mod", "cases").cases == ()


def test_a_file_that_somebody_waits_for_stays_until_they_have_it(instance: Ports):
    origin = painted(instance, "ana")
    upload = instance.store.put(b"an upload", suffix=".png")
    painted(instance, "bo", image=Source(key=upload))
    heir = ask(instance, "bo", "vary", picture=f"{origin}.1").job_id
    forget(instance)
    assert files_of(instance, origin) == [f"picture {origin} 1"]
    assert cleared(instance) == 0
    ask(instance, "bo", "cancel", job=heir)
    assert files_of(instance, origin) == []
    assert cleared(instance) == 0
    assert upload in instance.store.blobs


def files_of(instance: Ports, job: str) -> list[str]:
    return [data.decode() for data in instance.store.blobs.values() if job in data.decode()]


def cleared(instance: Ports) -> int:
    """How many files the orphan file cleaner finds in a day from the day after tomorrow on."""
    cleaner = OrphanFileCleaner(database=instance.database, store=instance.store)
    return sum(
        cleaner.clear(now() + timedelta(days=2, hours=hour)) for hour in range(STORE_PARTS // PARTS_A_RUN)
    )
