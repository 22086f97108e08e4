"""Consent to build on one's pictures, one's own settings, and several names of one human."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from moderation.records import bans
from studio.clock import now
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute
from studio.db import credit_ledger, queries
from studio.db.cases import find_jobs_awaiting_consent
from studio.db.tables import CaseRow, LinkCodeRow
from studio.domain.cases import CaseKind, CaseState
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from studio.domain.settings.communities import CommunityRules, ResultPlacement
from studio.domain.settings.preferences import BuiltOn, Preferences, RemixConsent
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import (
    BadParameterError,
    BannedError,
    CaseTakenError,
    NotAllowedError,
    NotFoundError,
    OutOfCreditsError,
    PolicyRefusalError,
    WrongChannelError,
)
from studio.ports import InstanceLimits
from studio.serialization import from_data
from studio.services.consent_expiry import close_unanswered
from tests.support.buttons import execute_button
from tests.support.case_sim import with_desk, with_gate
from tests.support.fakes import ruled, someone
from tests.support.finished_jobs import paint_job
from tests.support.sentences import error_text, raises


def by(call, name, mark="", **who):
    return replace(call, person=someone(name, **who), request_key=f"{call.request_key}:{name}{mark}")


def imagine(ports, call):
    return execute(ports, call, "imagine", {"prompt": "a red apple", "count": 2}).job_id


def painted(ports, call, remix):
    execute(ports, replace(call, request_key=f"{call.request_key}:s"), "settings", {"remix": remix})
    return f"{paint_job(ports, imagine(ports, call))}.1"


def vary(ports, call, picture):
    return execute(ports, call, "vary", {"picture": picture})


def state(ports, job_id):
    with ports.database.read() as session:
        return queries.find_job(session, job_id).state


def question(ports):
    with ports.database.read() as session:
        return session.scalars(select(CaseRow)).one()


class TestConsent:
    def test_by_default_anybody_builds_on_anything(self, ports, call):
        picture = f"{paint_job(ports, imagine(ports, call))}.1"
        assert vary(ports, by(call, "bo"), picture).state is JobState.ACCEPTED

    def test_nobody_means_nobody_but_oneself(self, ports, call):
        picture = painted(ports, call, "nobody")
        with raises(NotAllowedError, match="build on"):
            vary(ports, by(call, "bo"), picture)
        assert vary(ports, by(call, "ana", "own"), picture).state is JobState.ACCEPTED

    @pytest.mark.parametrize("remix", ["ask", "nobody"])
    def test_what_somebody_brought_along_is_not_rerolled_by_others(self, ports, call, remix):
        values = {"image": Source(key="x.png"), "region": "A1", "prompt": "a boat"}
        job = paint_job(ports, execute(ports, call, "edit", values).job_id)
        assert execute(ports, by(call, "bo"), "reroll", {"job": job})
        execute(ports, by(call, "ana", "s"), "settings", {"remix": remix})
        with raises(NotAllowedError, match="want to be asked first"):
            execute(ports, by(call, "bo", "2"), "reroll", {"job": job})
        assert execute(ports, by(call, "ana", "r"), "reroll", {"job": job})

    def test_what_a_forgotten_person_asked_for_is_not_asked_for_again(self, ports, call):
        job = paint_job(ports, imagine(ports, call))
        execute(with_desk(ports), call, "forget-me", {"confirm": "yes"})
        with pytest.raises(NotFoundError):
            execute(ports, by(call, "bo"), "reroll", {"job": job})

    def test_ask_holds_the_job_until_the_owner_says_yes(self, ports, call):
        job = vary(ports, by(call, "bo"), painted(ports, call, "ask"))
        assert job.state is JobState.HELD
        asked = question(ports)
        assert (asked.kind, asked.addressee) == (CaseKind.CONSENT, call.person.key)
        assert asked.filed_by == someone("bo").key
        for somebody in (by(call, "bo", "x"), by(call, "mod", moderator=True)):
            with raises(NotAllowedError, match="Only the person"):
                execute_button(ports, somebody, Button(action=Action.CONSENT, job_id=asked.id))
        ports.queue.sent.clear()
        execute_button(ports, by(call, "ana", "y"), Button(action=Action.CONSENT, job_id=asked.id))
        assert (state(ports, job.job_id), ports.queue.sent) == (JobState.QUEUED, [(job.job_id, 0)])
        with raises(CaseTakenError, match="decided already"):
            execute(ports, by(call, "ana", "z"), "answer", {"case": asked.id, "answer": "no"})

    def test_only_what_still_waits_for_an_owner_is_said_to(self, ports, call):
        job = vary(ports, by(call, "bo"), painted(ports, call, "ask")).job_id
        with ports.database.read() as session:
            assert find_jobs_awaiting_consent(session, [job]) == {job}
        execute_button(ports, by(call, "ana", "y"), Button(action=Action.CONSENT, job_id=question(ports).id))
        with ports.database.read() as session:
            assert find_jobs_awaiting_consent(session, [job]) == set()

    def test_a_no_cancels_the_job_and_pays_back(self, ports, call):
        job = vary(ports, by(call, "bo"), painted(ports, call, "ask"))
        execute_button(ports, by(call, "ana", "n"), Button(action=Action.DECLINE, job_id=question(ports).id))
        assert state(ports, job.job_id) is JobState.CANCELLED
        assert execute(ports, by(call, "bo", "c"), "credits", {}).used == 0

    def test_consent_is_no_moderators_word(self, ports, call):
        job = vary(ports, by(call, "bo"), painted(ports, call, "ask"))
        execute_button(ports, by(call, "ana", "y"), Button(action=Action.CONSENT, job_id=question(ports).id))
        with ports.database.read() as session:
            assert not queries.find_job(session, job.job_id).cleared

    @pytest.mark.parametrize("ruling", [Ruling.HOLD, Ruling.REFUSE])
    def test_a_moderators_word_is_not_the_owners(self, ports, call, ruling):
        instance = with_desk(ports)
        picture = painted(ports, call, "ask")
        ports.gate.verdict = Verdict(ruling=ruling, rule="wording", category="violence")
        if ruling is Ruling.HOLD:
            job_id = vary(instance, by(call, "bo"), picture).job_id
        else:
            with pytest.raises(PolicyRefusalError) as refused:
                vary(instance, by(call, "bo"), picture)
            job_id = refused.value.job_id
            execute(instance, by(call, "bo", "a"), "appeal", {"job": job_id})
        ports.gate.verdict = Verdict(ruling=Ruling.ALLOW)
        ports.queue.sent.clear()
        decision = {
            "case": question(ports).id,
            "decision": "approve" if ruling is Ruling.HOLD else "overturn",
        }
        execute(instance, by(call, "mod", moderator=True), "review", decision)
        assert (state(ports, job_id), ports.queue.sent) == (JobState.HELD, [])
        with ports.database.read() as session:
            asked = session.scalars(select(CaseRow).where(CaseRow.addressee == call.person.key)).one()
        execute_button(instance, by(call, "ana", "y"), Button(action=Action.CONSENT, job_id=asked.id))
        assert (state(ports, job_id), ports.queue.sent) == (JobState.QUEUED, [(job_id, 0)])
        with ports.database.read() as session:
            assert queries.find_job(session, job_id).cleared

    def test_after_a_week_without_an_answer_the_answer_is_no(self, ports, call):
        job = vary(ports, by(call, "bo"), painted(ports, call, "ask"))
        assert close_unanswered(ports.database, ports.events) == 0
        with ports.database.begin() as session:
            session.scalars(select(CaseRow)).one().opened_at = now() - timedelta(days=8)
        assert [close_unanswered(ports.database, ports.events) for _ in range(2)] == [1, 0]
        assert state(ports, job.job_id) is JobState.CANCELLED
        assert execute(ports, by(call, "bo", "c"), "credits", {}).used == 0

    def test_a_question_is_not_on_the_moderators_desk(self, ports, call):
        instance = with_desk(ports)
        vary(ports, by(call, "bo"), painted(ports, call, "ask"))
        moderator = by(call, "mod", moderator=True)
        assert execute(instance, moderator, "cases", {}).cases == ()
        with pytest.raises(NotAllowedError):
            execute(instance, moderator, "review", {"case": question(ports).id})

    def test_of_two_owners_one_no_is_enough_and_closes_the_other_question(self, ports, call):
        mine, theirs = (painted(ports, by(call, name, "p"), "ask") for name in ("ana", "cy"))
        values = {"picture": mine, "picture2": theirs}
        job = execute(ports, by(call, "bo"), "blend", values)
        assert job.state is JobState.HELD
        with ports.database.read() as session:
            asked = session.scalars(select(CaseRow).where(CaseRow.addressee == someone("cy").key)).one()
        execute_button(ports, by(call, "cy", "n"), Button(action=Action.DECLINE, job_id=asked.id))
        assert state(ports, job.job_id) is JobState.CANCELLED
        with ports.database.read() as session:
            assert {row.state for row in session.scalars(select(CaseRow))} == {CaseState.CLOSED}


class TestSettings:
    def test_they_are_kept_changed_and_given_back(self, ports, call):
        values = {
            "remix": "ask",
            "dm": "yes",
            "style": "ink",
            "aspect": "3:2",
            "count": 2,
            "model": "thimble",
            "built_on": "daily",
        }
        execute(ports, call, "settings", values)
        execute(ports, call, "settings", {"style": "none"})
        preferences = execute(ports, call, "settings", {}).preferences
        assert (preferences.remix, preferences.direct_messages, preferences.style) == (
            RemixConsent.ASK,
            True,
            None,
        )
        assert (preferences.aspect, preferences.count, preferences.model) == ("3:2", 2, "thimble")
        assert preferences.built_on is BuiltOn.DAILY

    def test_rows_of_earlier_versions_reply_ping_nobody_and_tell_nobody(self):
        rules = from_data(CommunityRules, {"star_threshold": 5})
        assert (rules.results, rules.ping) == (ResultPlacement.REPLY, False)
        assert from_data(Preferences, {"remix": "ask"}).built_on is BuiltOn.OFF

    @pytest.mark.parametrize("values", [{"remix": "maybe"}, {"count": 0}, {"aspect": "9:1"}])
    def test_what_makes_no_sense_is_said(self, ports, call, values):
        with pytest.raises(BadParameterError):
            execute(ports, call, "settings", values)

    def test_a_community_paints_where_its_moderators_say(self, ports, call):
        instance = with_desk(ports)
        moderator = by(call, "mod", moderator=True)
        execute(instance, moderator, "community", {"setting": "channels", "value": "studio, attic"})
        with pytest.raises(WrongChannelError):
            imagine(instance, call)
        there = replace(call, address=replace(call.address, channel="hall", thread="attic"))
        assert imagine(instance, there)
        execute(instance, moderator, "community", {"setting": "channels", "value": "none"})
        assert imagine(instance, replace(call, request_key="again"))

    @pytest.mark.parametrize(
        ("setting", "value", "field", "expected"),
        [
            ("desk", "123", "desk_channel", "123"),
            ("star-threshold", "5", "star_threshold", 5),
            ("pictures", "2", "max_pictures", 2),
            ("model", "Thimble", "model", "thimble"),
            ("tier", "77 trusted", "tiers", {"77": "trusted"}),
            ("credits", "newcomer 20", "monthly_credits", {"newcomer": 20}),
            ("policy", "Violence hold", "stances", {"violence": "hold"}),
            ("pool", "main 500", "pools", {"main": 500}),
            ("results", "Thread", "results", "thread"),
            ("ping", "on", "ping", True),
        ],
    )
    def test_moderators_settle_the_rules_of_their_community(
        self, ports, call, setting, value, field, expected
    ):
        instance = with_desk(ports)
        moderator = by(call, "mod", moderator=True)
        rules = execute(instance, moderator, "community", {"setting": setting, "value": value}).rules
        assert getattr(rules, field) == expected
        assert execute(instance, moderator, "community", {}).rules == rules
        with pytest.raises(NotAllowedError):
            execute(instance, call, "community", {"setting": setting, "value": value})

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("tier", "77 king"),
            ("credits", "member"),
            ("pictures", "9"),
            ("pool", "main many"),
            ("policy", "x hold"),
            ("results", "elsewhere"),
            ("ping", "maybe"),
        ],
    )
    def test_what_no_community_can_have_is_said(self, ports, call, setting, value):
        with pytest.raises(BadParameterError) as caught:
            execute(
                with_desk(ports),
                by(call, "mod", moderator=True),
                "community",
                {"setting": setting, "value": value},
            )
        assert caught.value.parameter == "value"
        assert error_text(caught.value)[0].isupper()


class TestLinking:
    def link(self, ports, call, left="ana", right="bo"):
        code = execute(ports, by(call, left, "l"), "link", {}).code
        return execute(ports, by(call, right, "l"), "link", {"code": code.upper()})

    def test_two_names_become_one_gallery_and_one_quota(self, ports, call):
        job = paint_job(ports, imagine(ports, call))
        linked = self.link(ports, call)
        assert [identity.user_id for identity in linked.identities] == ["bo", "ana"]
        assert [past.id for past in execute(ports, by(call, "bo"), "history", {}).jobs] == [job]
        assert execute(ports, by(call, "bo"), "credits", {}).used == 2
        assert execute(ports, by(call, "bo", "d"), "delete", {"what": job}).picture_ids

    def test_under_two_names_one_human_gives_one_star(self, ports, call):
        picture = {"picture": f"{paint_job(ports, imagine(ports, call))}.1"}
        assert execute(ports, by(call, "bo", "s"), "star", picture).stars == 1
        self.link(ports, call, "bo", "cy")
        taken = execute(ports, by(call, "cy", "s"), "star", picture)
        assert (taken.stars, taken.given) == (0, False)

    def test_accounts_linked_by_mistake_can_be_separated(self, ports, call):
        poor = ruled(ports, InstanceLimits(monthly_credits=10))
        for name in ("ana", "bo"):
            imagine(poor, by(call, name))
        self.link(poor, call)
        parted = execute(poor, by(call, "ana", "p"), "link", {"code": "part"})
        assert [identity.user_id for identity in parted.identities] == ["ana"]
        assert [job.person.user_id for job in execute(poor, by(call, "ana"), "history", {}).jobs] == []
        assert execute(poor, by(call, "ana", "q"), "queue", {}).places[0].job.person.user_id == "ana"
        with poor.database.read() as session:
            assert [
                credit_ledger.balance(session, someone(name).key, at=now()) for name in ("ana", "bo")
            ] == [0, 6]
        with pytest.raises(OutOfCreditsError):
            imagine(poor, by(call, "ana", "more"))
        self.link(poor, by(call, "ana", "again"))
        assert imagine(poor, by(call, "ana", "together"))
        execute(poor, by(call, "bo", "p"), "link", {"code": "Part "})
        with raises(BadParameterError, match="linked no other names"):
            execute(poor, by(call, "bo", "p"), "link", {"code": "part"})

    def test_a_ban_holds_for_every_name_also_for_one_linked_later(self, ports, call):
        instance = with_gate(ports)
        imagine(instance, call)
        code = execute(instance, call, "link", {}).code
        execute(instance, by(call, "mod", moderator=True), "ban", {"person": call.person.key})
        execute(instance, by(call, "bo"), "link", {"code": code})
        with pytest.raises(BannedError):
            imagine(instance, by(call, "bo", "i"))
        with instance.database.read() as session:
            assert bans.find_ban(session, someone("bo").key)

    def test_a_code_is_used_once_by_somebody_else_in_time(self, ports, call):
        code = execute(ports, call, "link", {}).code
        with raises(BadParameterError, match="your own"):
            execute(ports, call, "link", {"code": code})
        execute(ports, by(call, "bo"), "link", {"code": code})
        for wrong in (code, "2222222222"):
            with raises(BadParameterError, match="not known"):
                execute(ports, by(call, "cy"), "link", {"code": wrong})
        late = execute(ports, call, "link", {}).code
        with ports.database.begin() as session:
            session.get_one(LinkCodeRow, late).expires_at = now()
        with raises(BadParameterError, match="15 minutes"):
            execute(ports, by(call, "cy"), "link", {"code": late})


class TestDefaults:
    """What a request leaves open."""

    def request(self, ports, call, name="imagine", **values):
        asked = replace(call, request_key=f"{call.request_key}:{name}{values}")
        job = execute(ports, asked, name, values).job_id
        with ports.database.read() as session:
            return queries.find_job(session, job).request

    def test_ones_own_settings_fill_in_what_was_left_open(self, ports, call):
        chosen = {"model": "tiny", "style": "ink", "aspect": "3:2", "count": "2"}
        execute(ports, call, "settings", chosen)
        plain = self.request(ports, call, prompt="a boat")
        assert (plain.model, plain.style, plain.aspect, plain.count) == ("tiny", "ink", "3:2", 2)
        request = self.request(ports, call, prompt="a boat", model="other", width=64, count=3)
        assert (request.model, request.aspect, request.count) == ("other", None, 3)
        brought = self.request(ports, call, prompt="a boat", image=Source(key="x.png"))
        assert brought.aspect is None

    def test_a_communitys_model_stands_behind_ones_own(self, ports, call):
        instance = with_desk(ports)
        execute(instance, by(call, "mod", moderator=True), "community", {"setting": "model", "value": "ours"})
        assert self.request(instance, call, prompt="a boat").model == "ours"
        execute(instance, call, "settings", {"model": "mine"})
        assert self.request(instance, call, prompt="a pear").model == "mine"

    @pytest.mark.parametrize("name", ["imagine", "edit", "vary"])
    def test_nobody_is_given_more_pictures_than_they_may_have(self, ports, call, name):
        ports.gate.allowed = replace(ports.gate.allowed, max_pictures=2)
        execute(ports, call, "settings", {"count": "4"})
        values = {"image": Source(key="x.png"), "region": "A1", "prompt": "a boat"}
        wanted = {"imagine": ["prompt"], "edit": ["image", "region", "prompt"], "vary": ["image"]}[name]
        assert self.request(ports, call, name, **{key: values[key] for key in wanted}).count == 2


class TestBanned:
    def test_a_banned_person_reaches_their_own_pictures_alone(self, ports, call):
        picture = f"{paint_job(ports, imagine(ports, call))}.1"
        ports.gate.welcome_error = BannedError()
        for command, values in (
            ("star", {"picture": picture}),
            ("report", {"picture": picture}),
            ("settings", {"count": "2"}),
            ("link", {}),
        ):
            with pytest.raises(BannedError):
                execute(ports, by(call, "bo", command), command, values)
        assert execute(ports, call, "history", {}).jobs
        assert execute(ports, call, "delete", {"what": picture}).picture_ids
        assert execute(with_desk(ports), call, "forget-me", {"confirm": "yes"}).pictures == 1
