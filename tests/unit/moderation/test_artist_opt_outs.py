"""An artist who reports a picture in their style, and the requests that name them afterwards."""

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bots.presentation.form_model import command_of
from bots.texts.coded.sentences import say
from moderation.cases.artist_opt_outs import opted_out
from moderation.cli.artist_commands import artists_app
from moderation.context import ModeratedPlaces, ModerationContext
from moderation.gate import ModerationGate
from moderation.policy.categories import Category
from moderation.records.tables import ArtistOptOutRow, StrikeRow
from studio.commands.moderation.report import ARTIST_RULE
from studio.commands.registry import execute
from studio.domain.cases import Decision, OutsideReport, ReportReason
from studio.domain.people import Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.ports import Admission
from tests.support.case_sim import with_desk
from tests.support.case_steps import by, decide, desk, only_case, painted, reported
from tests.support.fakes import someone


@pytest.fixture
def instance(ports):
    return with_desk(ports)


def ask(instance, person, prompt):
    gate = ModerationGate(ModerationContext(database=instance.database))
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, prompt=prompt)
    return gate.admit(Admission(person=person, command="imagine", request=request, outstanding_jobs=0))


def opt_out(instance, call, decision=Decision.REJECT):
    report = {"picture": f"{painted(instance, call)}.1", "artist": "Bo Péinter", "reason": "my brush"}
    filed = execute(instance, by(call, someone("bo")), "report", report).case
    decide(instance, call, filed, decision)
    return filed


def test_a_confirmed_request_of_an_artist_is_respected_in_prompts(instance, call):
    filed = opt_out(instance, call)
    assert (filed.rule, filed.evidence) == (ARTIST_RULE, "Bo Péinter")
    for prompt in ("a harbour by Bo Peinter", "a harbour, b0-peinter style"):
        verdict = ask(instance, someone("cy"), prompt)
        assert (verdict.ruling, verdict.category) == (Ruling.HOLD, Category.ARTIST)
    assert ask(instance, someone("cy"), "a harbour by somebody else").allows


def test_the_refusal_says_that_the_artist_asked_for_it(instance, call):
    opt_out(instance, call)
    gate = ModerationGate(ModerationContext(database=instance.database, places=ModeratedPlaces(holds=False)))
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, prompt="a harbour by Bo Peinter")
    verdict = gate.admit(
        Admission(person=someone("cy"), command="imagine", request=request, outstanding_jobs=0)
    )
    assert verdict.ruling is Ruling.REFUSE
    assert "artist asked" in say(*verdict.remedy)


def test_the_maker_of_the_picture_is_not_struck_for_it(instance, call):
    opt_out(instance, call)
    with instance.database.read() as session:
        assert session.scalars(select(StrikeRow)).all() == []


def test_a_request_that_a_moderator_finds_unfounded_adds_no_name(instance, call):
    opt_out(instance, call, Decision.APPROVE)
    assert ask(instance, someone("cy"), "a harbour by Bo Peinter").allows


def test_another_report_of_the_same_picture_is_no_hindrance(instance, call):
    job_id = painted(instance, call)
    reported(instance, call, job_id)
    report = {"picture": f"{job_id}.1", "artist": "Bo Peinter"}
    assert not execute(instance, by(call, someone("bo"), "2"), "report", report).repeated
    assert execute(instance, by(call, someone("bo"), "3"), "report", report).case.rule == ARTIST_RULE
    assert len(desk(instance, call)) == 2


def test_artists_without_a_name_here_use_the_public_form(instance, call):
    picture = f"{painted(instance, call)}.1"
    instance.desk.receive_report(
        OutsideReport(picture_id=picture, reason=ReportReason.ARTIST, words="mine", artist="Bo Peinter")
    )
    decide(instance, call, only_case(instance), Decision.REJECT)
    with instance.database.read() as session:
        assert opted_out(session, call.person) == {"bo peinter": "Bo Peinter"}


def test_the_form_sends_the_name_only_with_the_topic_of_artists():
    values = {"topic": "artist", "artist": "Bo Peinter", "reason": "my brush"}
    given = command_of("report", {}, values)
    assert given["artist"] == "Bo Peinter"
    assert "I am the artist" in given["reason"]
    assert "artist" not in command_of("report", {}, {**values, "topic": "private"})


def test_administrators_list_and_remove_names(instance, call):
    opt_out(instance, call)
    url = str(instance.database.engine.url)
    with instance.database.read() as session:
        row = session.scalars(select(ArtistOptOutRow)).one()
    listed = CliRunner().invoke(artists_app, ["list", "--database", url])
    assert listed.output == f"{row.platform}\t{row.community}\tBo Péinter\n"
    arguments = ["remove", Platform(row.platform), row.community, "bo péinter", "--database", url]
    assert CliRunner().invoke(artists_app, arguments).exit_code == 0
    assert CliRunner().invoke(artists_app, arguments).exit_code == 1
    assert ask(instance, someone("cy"), "a harbour by Bo Peinter").allows
