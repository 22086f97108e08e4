"""Rules of one channel: models, strictness, age restriction and spoilers."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from bots.queries.starboard_entry import load_starboard_entry
from engine.jobs.moderation_recheck import review
from moderation.policy.categories import Category
from moderation.policy.policy import Action, CategoryRule, PolicyError, default_policy, parse_policy
from studio.commands.registry import execute
from studio.commands.submission.submit import submit
from studio.domain.cases import Decision
from studio.domain.jobs import JobState
from studio.domain.people import Address, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.settings.channels import ChannelRules, combine
from studio.domain.settings.communities import CommunityRules, Tier
from studio.domain.verdicts import Ruling
from studio.errors import BadParameterError, NotAllowedError, PolicyRefusalError
from studio.ports import Inspected, Inspection, InstanceLimits
from tests.support.case_sim import Appearance, with_desk, with_gate
from tests.support.case_steps import MOD, by, decide, imagine, job_of, only_case
from tests.support.finished_jobs import paint_job
from tests.support.sentences import raises

ADULTS = parse_policy(
    'age_restricted = ["violence"]\n[categories.violence]\naction = "allow"', over=default_policy()
)


def png_of():
    file = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(file, "PNG")
    return file.getvalue()


def at(call, channel, mark="", **place):
    address = replace(call.address, channel=channel, **place)
    return replace(call, address=address, request_key=f"{call.request_key}:{channel}{mark}")


def settle(instance, call, setting, value):
    asked = by(call, MOD, f"{setting} {value}")
    return execute(instance, asked, "community", {"setting": setting, "value": value}).rules


class TestModels:
    def test_a_channel_paints_with_its_own_models(self, ports, call):
        instance = with_desk(ports)
        first, second = (model.name for model in ports.options.models()[:2])
        settle(instance, call, "channel-models", f"art {second}")
        there = at(call, "art")
        assert job_of(instance, imagine(instance, there)).request.model == second
        thread = at(call, "a-thread", parent="art")
        assert job_of(instance, imagine(instance, thread)).request.model == second
        assert job_of(instance, imagine(instance, at(call, "main"))).request.model != second
        with raises(BadParameterError, match=f"Models here: {second}"):
            execute(instance, at(call, "art", "2"), "imagine", {"prompt": "a boat", "model": first})
        settle(instance, call, "channel-models", "art none")
        assert execute(instance, at(call, "art", "3"), "imagine", {"prompt": "a boat", "model": first})

    def test_a_new_picture_without_a_model_gets_one_of_them(self, ports, call):
        instance = with_desk(ports)
        settle(instance, call, "channel-models", "art tiny")
        request = PaintRequest(operation=Operation.IMAGINE, prompt="a boat", seed=1, count=1)
        there = at(call, "art")
        job = job_of(instance, submit(instance, there, "imagine", request).job_id)
        assert job.request.model == "tiny"
        other = replace(request, operation=Operation.EDIT)
        with pytest.raises(BadParameterError):
            submit(instance, at(call, "art", "2"), "edit", other)

    def test_what_is_asked_of_a_model_is_asked_of_the_channels(self, ports, call):
        default = ports.options.models()[0].name
        instance = replace(with_desk(ports), rules=InstanceLimits(model_tiers={default: Tier.TRUSTED}))
        settle(instance, call, "channel-models", "art tiny")
        request = PaintRequest(operation=Operation.IMAGINE, prompt="a boat", seed=1, count=1)
        job = job_of(instance, submit(instance, at(call, "art"), "imagine", request).job_id)
        assert job.request.model == "tiny"
        with raises(BadParameterError, match="for people from the tier trusted on"):
            submit(instance, at(call, "main"), "imagine", request)
        instance = replace(instance, rules=InstanceLimits(model_tiers={"tiny": Tier.TRUSTED}))
        with raises(BadParameterError, match="for people from the tier trusted on"):
            submit(instance, at(call, "art", "2"), "imagine", request)

    def test_a_gathering_with_another_model_is_not_opened(self, ports, call):
        instance = with_desk(ports)
        settle(instance, call, "channel-models", "art tiny")
        values = {"theme": "a sea", "size": "3x3", "model": "large"}
        with raises(BadParameterError, match="Models here: tiny"):
            execute(instance, at(call, "art"), "mural", values)

    def test_a_model_that_is_not_installed_is_none(self, ports, call):
        with raises(BadParameterError, match="nonsense"):
            settle(with_desk(ports), call, "channel-models", "art nonsense")


class TestStrictness:
    def test_a_channel_is_stricter_than_its_community(self, ports, call):
        instance = with_gate(ports)
        settle(instance, call, "channel-policy", "kids deception refuse")
        with pytest.raises(PolicyRefusalError):
            imagine(instance, at(call, "kids"), "a doubtful thing")
        with pytest.raises(PolicyRefusalError):
            imagine(instance, at(call, "a-thread", parent="kids"), "a doubtful thing")
        assert (
            job_of(instance, imagine(instance, at(call, "main"), "a doubtful thing")).state is JobState.HELD
        )

    def test_all_categories_at_once_leave_the_core_alone(self, ports, call):
        instance = with_gate(ports)
        settle(instance, call, "channel-policy", "kids all refuse")
        for words in ("a doubtful thing", "a ballot"):
            with pytest.raises(PolicyRefusalError):
                imagine(instance, at(call, "kids", words), words)
        assert settle(instance, call, "channel-policy", "kids all none").by_channel == {}

    @pytest.mark.parametrize(
        "value", ["kids violence allow", "kids nonsense hold", "kids minors hold", "kids violence", ""]
    )
    def test_a_channel_is_never_more_lenient(self, ports, call, value):
        with pytest.raises(BadParameterError):
            settle(with_desk(ports), call, "channel-policy", value)

    def test_a_waiting_job_is_judged_again_by_the_rules_of_its_channel(self, ports, call):
        instance = with_gate(ports, cipher=None)  # a held job keeps its words
        job = job_of(instance, imagine(instance, at(call, "kids"), "a ballot"))
        settle(instance, call, "channel-policy", "kids political refuse")
        allowance = instance.gate.allowance(job.person, job.address)
        assert allowance.policy_version != job.policy_version
        assert review(instance.database, instance.gate, job, allowance).ruling is Ruling.REFUSE

    def test_pictures_are_judged_by_them_too(self, ports, call):
        policy = parse_policy('[categories.political]\naction = "warn"', over=default_policy())
        instance = with_gate(ports, policy=policy, image_rules=(Appearance(Category.POLITICAL),))
        settle(instance, call, "channel-policy", "kids political refuse")
        for channel, ruling in (("kids", Ruling.REFUSE), ("main", Ruling.ALLOW)):
            seen = Inspection(
                kind=Inspected.OUTPUT, person=call.person, png=png_of(), address=at(call, channel).address
            )
            assert instance.gate.inspect(seen).ruling is ruling

    def test_of_a_thread_and_its_channel_the_stricter_holds(self):
        thread = ChannelRules(stances={"violence": "hold"}, models=("one",))
        channel = ChannelRules(
            stances={"violence": "refuse", "hate": "refuse"}, models=("two",), spoilers=True
        )
        both = combine((thread, channel))
        assert both.models == ("one",)
        assert both.spoilers
        assert both.stances == {"violence": "refuse", "hate": "refuse"}


class TestSpoilers:
    def test_pictures_of_the_channel_are_hidden_until_clicked(self, ports, call):
        instance = with_desk(ports)
        settle(instance, call, "channel-spoilers", "art on")
        job = paint_job(instance, imagine(instance, at(call, "art")))
        assert job_of(instance, job).spoiler
        with raises(NotAllowedError, match="hidden"):
            execute(instance, at(call, "art", "s"), "share", {"picture": f"{job}.1"})
        assert not job_of(instance, imagine(instance, at(call, "main"))).spoiler

    def test_a_moderator_who_lets_a_request_pass_does_not_uncover_it(self, ports, call):
        instance = with_gate(ports)
        settle(instance, call, "channel-spoilers", "art on")
        job_id = imagine(instance, at(call, "art"), "a doubtful thing")
        decide(instance, call, only_case(instance), Decision.APPROVE)
        assert job_of(instance, job_id).spoiler

    @pytest.mark.parametrize("value", ["art", "art maybe", "art on on", ""])
    def test_what_is_no_switch_is_said(self, ports, call, value):
        with pytest.raises(BadParameterError):
            settle(with_desk(ports), call, "channel-spoilers", value)


class TestAgeRestriction:
    def test_the_operator_may_allow_something_there_only(self, ports, call):
        instance = with_gate(ports, policy=ADULTS)
        with pytest.raises(PolicyRefusalError):
            imagine(instance, at(call, "bar"), "a violent thing")
        settle(instance, call, "channel-age-restricted", "bar on")
        job = job_of(instance, imagine(instance, at(call, "bar", "2"), "a violent thing"))
        assert job.address.age_restricted
        assert job.spoiler
        for channel in ("main", "kids"):
            with pytest.raises(PolicyRefusalError):
                imagine(instance, at(call, channel, "3"), "a violent thing")

    def test_without_the_operators_word_it_relaxes_nothing(self, ports, call):
        instance = with_gate(ports)
        settle(instance, call, "channel-age-restricted", "bar on")
        for words in ("a violent thing", "something with a minor"):
            with pytest.raises(PolicyRefusalError):
                imagine(instance, at(call, "bar", words), words)

    def test_the_community_and_the_channel_may_still_refuse_it(self, ports, call):
        instance = with_gate(ports, policy=ADULTS)
        settle(instance, call, "channel-age-restricted", "bar on")
        settle(instance, call, "policy", "violence refuse")
        with pytest.raises(PolicyRefusalError):
            imagine(instance, at(call, "bar"), "a violent thing")

    def test_discord_says_itself_which_channels_are_age_restricted(self):
        community = CommunityRules(by_channel={"1": ChannelRules(age_restricted=True)})
        place = Address(platform=Platform.DISCORD, community="8", channel="1")
        assert not community.in_place(place).age_restricted
        assert community.in_place(replace(place, age_restricted=True)).age_restricted
        assert community.in_place(replace(place, platform=Platform.SLACK)).age_restricted

    def test_the_command_says_so(self, ports, call):
        there = replace(call, person=replace(call.person, platform=Platform.DISCORD))
        moderator = replace(MOD, platform=Platform.DISCORD)
        with raises(BadParameterError, match="On Discord"):
            execute(
                with_desk(ports),
                by(there, moderator),
                "community",
                {"setting": "channel-age-restricted", "value": "1 on"},
            )

    def test_its_pictures_come_on_no_starboard(self, ports, call):
        instance = with_gate(ports)
        settle(instance, call, "stars", "stars")
        settle(instance, call, "star-threshold", "1")
        settle(instance, call, "channel-age-restricted", "bar on")
        found = []
        for channel in ("main", "bar"):
            job = paint_job(instance, imagine(instance, at(call, channel)))
            execute(instance, at(call, channel, "s"), "star", {"picture": f"{job}.1"})
            found.append(load_starboard_entry(instance.database, f"{job}.1")[0])
        assert found[0] is not None
        assert found[1] is None


class TestPolicyFile:
    def test_elsewhere_the_defaults_hold(self):
        outside = ADULTS.outside_age_restricted()
        assert ADULTS.stances[Category.VIOLENCE].action is Action.ALLOW
        assert outside.stances[Category.VIOLENCE] == default_policy().stances[Category.VIOLENCE]
        assert outside.version == default_policy().version

    def test_what_is_stricter_than_the_defaults_stays(self):
        text = 'age_restricted = ["political"]\n[categories.political]\naction = "refuse"\nthreshold = 0.5'
        outside = parse_policy(text, over=default_policy()).outside_age_restricted()
        assert outside.stances[Category.POLITICAL] == CategoryRule(action=Action.REFUSE, threshold=0.5)

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            ('action = "refuse"\nthreshold = 0.85\nhold_threshold = 0.8', (0.85, 0.55)),
            ('action = "refuse"\nthreshold = 0.6', (0.6, 0.55)),
            ('action = "hold"\nthreshold = 0.4', (0.85, 0.4)),
        ],
    )
    def test_scores_that_are_held_by_the_defaults_are_held(self, own, expected):
        """The default for violence: refused from 0.85 on, held from 0.55 on."""
        text = f'age_restricted = ["violence"]\n[categories.violence]\n{own}'
        outside = parse_policy(text, over=default_policy()).outside_age_restricted()
        found = outside.stances[Category.VIOLENCE]
        assert found.action is Action.REFUSE
        assert (found.threshold, found.hold_threshold) == expected

    @pytest.mark.parametrize("value", ['["minors"]', '["nonsense"]', '"sexual"', "[1]", "[[]]"])
    def test_the_core_cannot_be_named(self, value):
        with pytest.raises(PolicyError):
            parse_policy(f"age_restricted = {value}", over=default_policy())
