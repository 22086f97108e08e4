"""Pictures that people bring along and that a moderator has to see first."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from moderation.cases.blocked_pictures import blocked_bits
from moderation.limits.rate_limiter import Limiter
from moderation.limits.settings import LimitSettings
from moderation.policy.categories import Category
from moderation.policy.policy import default_policy, parse_policy
from moderation.rules.image import ImageSubject
from studio.clock import now
from studio.commands.registry import execute
from studio.db import queries, settings
from studio.db.cases import desk_cases
from studio.domain.cases import CaseKind, Decision
from studio.domain.jobs import JobState
from studio.domain.requests import PromptConcern
from studio.domain.settings.communities import CommunityRules
from studio.errors import BannedError, PolicyRefusalError, RateLimitedError
from studio.gcra import RateSettings
from studio.ports import Inspected
from studio.services.upload_intake import accept_upload
from tests.support.case_sim import Appearance, with_gate
from tests.support.fakes import FakeImageTools, someone
from tests.support.sentences import raises

ANA, MOD = someone("ana"), someone("mod", moderator=True)
NEW = replace(ANA, joined_at=now() - timedelta(hours=2))


class DoubtfulUpload(Appearance):
    def judge(self, subject: ImageSubject):
        return super().judge(subject) if subject.kind is Inspected.UPLOAD else None


DOUBTFUL = DoubtfulUpload(Category.DECEPTION)  # which the default policy holds


def png() -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(file, "PNG")
    return file.getvalue()


def vary(instance, call, image, mark=""):
    asked = replace(call, request_key=f"{call.request_key}:{mark}")
    return execute(instance, asked, "vary", {"image": image, "count": 1})


def only_hold(instance):
    with instance.database.read() as session:
        (case,) = desk_cases(session, MOD)
    assert case.kind is CaseKind.HOLD
    return case


def decide(instance, call, case, decision):
    moderators = replace(call, person=MOD, request_key=f"{call.request_key}:{decision}")
    return execute(instance, moderators, "review", {"case": case.id, "decision": decision})


def sources(instance, job_id):
    with instance.database.read() as session:
        return queries.find_job(session, job_id).request.sources


def test_a_doubtful_upload_is_a_case_with_the_request_that_needs_it(ports, call):
    instance = with_gate(ports, image_rules=[DOUBTFUL])
    upload = accept_upload(instance, ANA, png())
    waiting = vary(instance, call, upload)
    assert waiting.state is JobState.HELD
    case = only_hold(instance)
    assert (case.rule, case.category) == ("appearance", Category.DECEPTION)
    (image,) = instance.desk.claim(MOD, case.id).images
    assert instance.store.get(image.key) == png()
    decide(instance, call, case, Decision.APPROVE)
    assert (waiting.job_id, 0) in instance.queue.sent


def test_what_a_moderator_saw_is_beyond_doubt(ports, call):
    instance = with_gate(ports, image_rules=[DOUBTFUL])
    first = vary(instance, call, accept_upload(instance, ANA, png()))
    decide(instance, call, only_hold(instance), Decision.APPROVE)
    (source,) = sources(instance, first.job_id)
    assert source.doubt is None
    assert vary(instance, call, source, "again").state is not JobState.HELD


def test_a_blocked_upload_is_known_again(ports, call):
    instance = with_gate(ports, image_rules=[DOUBTFUL])
    vary(instance, call, accept_upload(instance, ANA, png()))
    decide(instance, call, only_hold(instance), Decision.BLOCK)
    with instance.database.read() as session:
        assert len(blocked_bits(session, ANA)) == 1
    with raises(PolicyRefusalError, match="blocked picture"):
        accept_upload(instance, someone("bo"), png())


def test_words_that_are_refused_stay_refused_beside_a_doubtful_upload(ports, call):
    instance = with_gate(ports, image_rules=[DOUBTFUL])
    upload = accept_upload(instance, ANA, png())
    with pytest.raises(PolicyRefusalError):
        execute(instance, call, "edit", {"image": upload, "prompt": "something violent", "region": "A1"})


def test_words_for_a_minor_and_an_upload_that_may_be_sexual_never_meet(ports, call):
    instance = with_gate(ports)
    doubt = PromptConcern(rule="nudity", category=Category.SEXUAL)
    upload = replace(accept_upload(instance, ANA, png()), doubt=doubt)
    with pytest.raises(PolicyRefusalError) as caught:
        execute(instance, call, "edit", {"image": upload, "prompt": "a schoolgirl", "region": "A1"})
    assert (caught.value.category, caught.value.job_id) == (Category.MINORS, None)
    with pytest.raises(BannedError):
        vary(instance, call, upload)


def test_a_doubtful_upload_is_refused_where_nobody_looks(ports):
    instance = with_gate(ports, image_rules=[DOUBTFUL], holds=None)
    with pytest.raises(PolicyRefusalError):
        accept_upload(instance, ANA, png())


class TestNewcomers:
    def test_what_they_bring_along_waits_where_a_moderator_looks(self, ports, call):
        instance = with_gate(ports)
        answer = vary(instance, replace(call, person=NEW), accept_upload(instance, NEW, png()))
        assert answer.state is JobState.HELD
        assert only_hold(instance).category == Category.NEWCOMER
        assert vary(instance, call, accept_upload(instance, ANA, png()), "ana").state is not JobState.HELD

    def test_it_is_let_in_where_nobody_looks(self, ports):
        instance = with_gate(ports, holds=None)
        assert accept_upload(instance, NEW, png()).doubt is None

    @pytest.mark.parametrize("action", ["allow", "refuse"])
    def test_the_policy_may_say_otherwise(self, ports, action):
        text = f'[categories.newcomer]\naction = "{action}"'
        instance = with_gate(ports, policy=parse_policy(text, over=default_policy()))
        if action == "allow":
            assert accept_upload(instance, NEW, png()).doubt is None
        else:
            with raises(PolicyRefusalError, match="newcomer"):
                accept_upload(instance, NEW, png())

    def test_a_community_may_refuse_it(self, ports):
        instance = with_gate(ports)
        with instance.database.begin() as session:
            settings.save_community_rules(session, CommunityRules(stances={"newcomer": "refuse"}), by=MOD)
        with raises(PolicyRefusalError, match="newcomer"):
            accept_upload(instance, NEW, png())


class Unopened(FakeImageTools):
    def clean(self, data: bytes):
        raise AssertionError("the file was opened")


def test_no_file_of_a_banned_person_is_opened(ports):
    instance = replace(with_gate(ports), image_tools=Unopened())
    instance.desk.ban(MOD, ANA.key, until=None, reason="")
    with pytest.raises(BannedError):
        accept_upload(instance, ANA, png())


def test_files_are_counted_and_so_are_those_that_are_refused():
    plenty, two = RateSettings(requests=1000, seconds=1000), RateSettings(requests=2, seconds=600)
    counted = Limiter(LimitSettings(uploads=two, refused=plenty))
    probed = Limiter(LimitSettings(uploads=plenty, refused=two))
    for _ in range(2):
        counted.admit_upload(ANA)
        probed.admit_upload(ANA)
        probed.record_refusal(ANA)
    for limiter, scope in ((counted, "uploads"), (probed, "refused")):
        with pytest.raises(RateLimitedError) as caught:
            limiter.admit_upload(ANA)
        assert caught.value.scope == scope


def test_refused_files_count_as_probing(ports):
    instance = with_gate(ports, image_rules=[Appearance(Category.VIOLENCE)])
    instance.gate._limiter = Limiter(LimitSettings(refused=RateSettings(requests=1, seconds=600)))
    with pytest.raises(PolicyRefusalError):
        accept_upload(instance, ANA, png())
    with pytest.raises(RateLimitedError):
        accept_upload(instance, ANA, png())
