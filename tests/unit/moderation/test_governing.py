"""Pauses, overrides, bans and blocked pictures of a community."""

import io
from datetime import timedelta

import pytest
from PIL import Image, ImageEnhance
from sqlalchemy import select

from moderation.policy.policy import default_policy, parse_policy
from moderation.records import bans
from studio.clock import now
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute
from studio.db import cases, settings
from studio.db.tables import JobRow, PictureRow
from studio.domain.cases import CaseKind, Decision, NewCase, NoticeKind
from studio.domain.events import NoticeWritten
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import Ruling
from studio.errors import (
    BadParameterError,
    BannedError,
    CommunityPausedError,
    NotAllowedError,
    PolicyRefusalError,
)
from studio.ports import Inspected, Inspection
from tests.support.buttons import execute_button
from tests.support.case_sim import with_desk, with_gate
from tests.support.case_steps import (
    BEA,
    MOD,
    by,
    decide,
    imagine,
    job_of,
    kinds,
    notices,
    only_case,
    painted,
    reported,
)
from tests.support.fakes import someone
from tests.support.sentences import raises


@pytest.fixture
def instance(ports):
    return with_desk(ports)


class TestGoverning:
    def test_a_pause_stops_everything_and_a_resume_goes_on(self, instance, call):
        waiting = imagine(instance, call)
        painting = imagine(instance, by(call, call.person, "p"))
        with instance.database.begin() as session:
            session.get_one(JobRow, painting).state = JobState.PAINTING
        assert execute(instance, by(call, MOD), "community", {"setting": "pause"}).rules.paused
        assert (instance.queue.put_aside, instance.queue.cancelled) == ([painting], [])
        with pytest.raises(CommunityPausedError):
            imagine(instance, by(call, call.person, "late"))
        instance.queue.sent.clear()
        assert not execute(instance, by(call, MOD, "r"), "community", {"setting": "resume"}).rules.paused
        assert instance.queue.sent == [(waiting, 0)]

    def test_a_pause_holds_for_one_community(self, instance, call):
        execute(instance, by(call, MOD), "community", {"setting": "pause"})
        other = someone("x", community="other")
        assert imagine(instance, by(call, other))

    def test_a_community_may_be_stricter_and_not_more_lenient(self, ports, call):
        instance = with_gate(ports)
        before = instance.gate.allowance(call.person).policy_version
        for value, problem in (("violence allow", "stricter"), ("nonsense hold", "categories")):
            with raises(BadParameterError, match=problem):
                execute(instance, by(call, MOD, value), "community", {"setting": "policy", "value": value})
        execute(instance, by(call, MOD, "s"), "community", {"setting": "policy", "value": "deception refuse"})
        assert instance.gate.allowance(call.person).policy_version != before
        assert instance.gate.allowance(someone("x", community="other")).policy_version == before
        with pytest.raises(PolicyRefusalError):
            imagine(instance, by(call, call.person, "2"), "a doubtful thing")

    def test_a_category_that_is_gone_takes_no_other_with_it(self, ports, call):
        instance = with_gate(ports)
        stances = {"bygone": "hold", "deception": "refuse"}
        with instance.database.begin() as session:
            settings.save_community_rules(session, CommunityRules(stances=stances), by=MOD)
        with pytest.raises(PolicyRefusalError):
            imagine(instance, call, "a doubtful thing")
        assert execute(instance, by(call, MOD), "community", {"setting": "pause"}).rules.paused

    def test_what_the_instance_only_minds_goes_ahead_with_a_word_once_a_day(self, ports, call):
        policy = parse_policy('[categories.violence]\naction = "warn"', over=default_policy())
        instance = with_gate(ports, policy=policy)
        for mark in "ab":
            job_id = imagine(instance, by(call, call.person, mark), "a violent thing")
            assert job_of(instance, job_id).state is not JobState.HELD
        assert notices(instance, call.person.key) == [NoticeKind.WARNING]
        imagine(instance, by(call, someone("bo")), "a boat")
        assert notices(instance, someone("bo").key) == []

    def test_where_moderators_look_doubts_are_held_and_elsewhere_refused(self, ports, call):
        instance = with_gate(ports, holds=None)
        with pytest.raises(PolicyRefusalError):
            imagine(instance, call, "a doubtful thing")
        execute(instance, by(call, MOD), "community", {"setting": "desk", "value": "123"})
        asked = by(call, call.person, "2")
        answer = execute(instance, asked, "imagine", {"prompt": "a doubtful thing"})
        assert answer.state is JobState.HELD
        assert only_case(instance).category == "deception"

    def test_on_a_platform_with_moderators_of_its_own_doubts_are_held_without_a_channel(self, ports, call):
        instance = with_gate(ports, holds=None, watched=frozenset({Platform.WEB}))
        held = execute(instance, call, "imagine", {"prompt": "a doubtful thing"})
        assert held.state is JobState.HELD

    def test_a_ban_by_hand_holds_until_it_is_lifted(self, ports, call):
        instance = with_gate(ports)
        waiting = imagine(instance, call)
        execute(instance, by(call, MOD), "ban", {"person": call.person.key, "duration": "7d"})
        assert job_of(instance, waiting).state is JobState.CANCELLED
        with pytest.raises(BannedError):
            imagine(instance, by(call, call.person, "2"))
        with pytest.raises(BannedError):
            execute_button(instance, by(call, call.person, "b"), Button(action=Action.REROLL, job_id=waiting))
        execute(instance, by(call, MOD), "settings", {"count": 2})
        with raises(NotAllowedError, match="yourself"):
            execute(instance, by(call, MOD, "self"), "ban", {"person": MOD.key})
        assert execute(instance, by(call, MOD), "unban", {"person": call.person.key}).lifted
        assert imagine(instance, by(call, call.person, "3"))
        assert len(kinds(instance, NoticeWritten)) == 2

    @pytest.fixture
    def abroad(self, ports, call):
        """The instance, somebody who is banned at home for a week, their other name, and who moderates there."""
        instance = with_gate(ports)
        other = someone("elsewhere", community="other")
        code = execute(instance, call, "link", {}).code
        execute(instance, by(call, other), "link", {"code": code})
        execute(instance, by(call, MOD), "ban", {"person": call.person.key, "duration": "7d"})
        return instance, other, someone("friend", community="other", moderator=True)

    def test_a_ban_is_lifted_where_it_was_imposed(self, abroad, call):
        instance, other, friend = abroad
        with raises(NotAllowedError, match="another community"):
            execute(instance, by(call, friend), "unban", {"person": other.key})
        with pytest.raises(BannedError):
            imagine(instance, by(call, call.person, "2"))
        assert execute(instance, by(call, MOD), "unban", {"person": call.person.key}).lifted
        assert imagine(instance, by(call, other))

    def test_so_is_the_ban_of_a_moderator_who_was_forgotten(self, abroad, call):
        instance, other, friend = abroad
        execute(instance, by(call, MOD, "f"), "forget-me", {"confirm": "yes"})
        with raises(NotAllowedError, match="another community"):
            execute(instance, by(call, friend), "unban", {"person": other.key})
        assert execute(instance, by(call, BEA), "unban", {"person": call.person.key}).lifted

    @pytest.mark.parametrize("duration", ["1m", "for good"])
    def test_nobody_elsewhere_makes_a_ban_their_own(self, abroad, call, duration):
        instance, other, friend = abroad
        execute(instance, by(call, friend, "b"), "ban", {"person": other.key, "duration": duration})
        execute(instance, by(call, friend, "u"), "unban", {"person": other.key})
        with pytest.raises(BannedError) as caught:
            imagine(instance, by(call, call.person, "2"))
        assert caught.value.until > now() + timedelta(days=6)

    def test_a_case_elsewhere_lifts_no_ban_from_home(self, abroad, call):
        instance, other, friend = abroad
        with instance.database.begin() as session:
            case, _ = cases.open_case(session, NewCase(kind=CaseKind.SUSPENSION, case_key="s", subject=other))
        decide(instance, call, case, Decision.OVERTURN, moderator=friend)
        with pytest.raises(BannedError):
            imagine(instance, by(call, call.person, "2"))

    def test_a_suspension_makes_no_ban_shorter(self, ports, call):
        instance = with_gate(ports)
        job_id = painted(instance, call)
        reported(instance, call, job_id)
        execute(instance, by(call, MOD), "ban", {"person": call.person.key})
        decide(instance, call, only_case(instance), Decision.SUSPEND)
        with instance.database.read() as session:
            assert bans.find_ban(session, call.person.key).until is None


class TestBlocking:
    def png(self, size=160, *, brightness=1.0):
        picture = Image.radial_gradient("L").resize((size, size)).convert("RGB")
        picture.paste("navy", (size // 10, size // 8, size // 3, size // 2))
        file = io.BytesIO()
        ImageEnhance.Brightness(picture).enhance(brightness).save(file, "PNG")
        return file.getvalue()

    def judged(self, instance, person, data, kind=Inspected.UPLOAD):
        return instance.gate.inspect(Inspection(kind=kind, person=person, png=data))

    def test_a_blocked_picture_and_its_look_alikes_never_pass_again_in_that_community(self, ports, call):
        instance = with_gate(ports)
        fingerprint = self.judged(instance, call.person, self.png()).fingerprint
        job_id = painted(instance, call)
        with instance.database.begin() as session:
            for row in session.scalars(select(PictureRow)):
                row.perceptual_hash = fingerprint
        reported(instance, call, job_id)
        decide(instance, call, only_case(instance), Decision.BLOCK)
        alike = self.png(96, brightness=1.1)
        for person, kind in ((call.person, Inspected.UPLOAD), (someone("bo"), Inspected.OUTPUT)):
            verdict = self.judged(instance, person, alike, kind)
            assert (verdict.ruling, verdict.rule) == (Ruling.REFUSE, "blocked_here")
        assert self.judged(instance, someone("x", community="other"), alike).allows
