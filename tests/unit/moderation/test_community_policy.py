"""What a community's own thresholds, languages and public figures change: never to more lenient."""

import pytest

from moderation.policy.categories import Category
from moderation.policy.community_overrides import apply_overrides, describe_policy, narrow
from moderation.policy.policy import Action, default_policy, parse_policy
from moderation.rules.community_policy import CommunityFigures, rules_beyond
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt_judge import PromptJudge
from studio.commands.registry import execute
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.policy_overrides import change_policy, policy_entries
from studio.domain.verdicts import Ruling
from studio.errors import NotAllowedError
from tests.support.case_sim import with_desk
from tests.support.case_steps import MOD, by
from tests.support.sentences import raises

EVERYTHING = (
    "violence refuse, threshold hate 0.4, figures politician hold, languages en de, other-languages refuse"
)
STRICTNESS = list(Action).index


def settled(value: str) -> CommunityRules:
    return change_policy(CommunityRules(), value)


def test_a_policy_is_written_as_it_is_typed_and_taken_back_entry_by_entry():
    rules = settled(EVERYTHING)
    assert ", ".join(policy_entries(rules)) == EVERYTHING
    for entry in ("violence", "threshold hate", "figures politician", "languages", "other-languages"):
        rules = change_policy(rules, f"{entry} none")
    assert rules == CommunityRules()


def test_a_category_is_taken_back_however_it_was_spelled():
    assert change_policy(CommunityRules(stances={"self-harm": "hold"}), "self_harm none").stances == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("threshold hate high", "A threshold is a number"),
        ("threshold hate 0", "A threshold is a number"),
        ("threshold hate nan", "A threshold is a number"),
        ("threshold hate 0.9", "at most 0.85"),
        ("threshold minors 0.1", "The categories are"),
        ("figures pirates hold", "The roles of public figures are politician"),
        ("languages en xx", "The languages of this installation are Arabic"),
        ("hate hold, violence allow", "only be stricter"),
        ("hate hold and refuse", "Write it like this"),
        ("hate hold,", "Write it like this"),
    ],
)
def test_what_is_unknown_or_more_lenient_changes_nothing(ports, call, value, words):
    instance = with_desk(ports)
    with raises(Exception, match=words):
        execute(instance, by(call, MOD, "p"), "community", {"setting": "policy", "value": value})
    assert policy_entries(execute(instance, by(call, MOD, "q"), "community", {}).rules) == []


def test_many_entries_are_one_change_and_trying_them_changes_nothing(ports, call):
    instance = with_desk(ports)
    tried = instance.desk.try_rules(MOD, lambda rules: change_policy(rules, EVERYTHING))
    assert policy_entries(tried) == EVERYTHING.split(", ")
    assert policy_entries(execute(instance, by(call, MOD, "q"), "community", {}).rules) == []
    saved = execute(instance, by(call, MOD, "p"), "community", {"setting": "policy", "value": EVERYTHING})
    assert saved.rules.accepted_languages == ("en", "de")
    with pytest.raises(NotAllowedError):
        instance.desk.describe_policy(call.person)


def test_no_score_is_judged_more_leniently_than_by_the_operators_policy():
    installed = default_policy()
    for rules in (settled(EVERYTHING), settled("threshold violence 0.5, threshold spam 0.2")):
        own = narrow(apply_overrides(installed, rules.stances), rules)
        for category, before in installed.stances.items():
            after = own.stances[category]
            for score in (step / 20 for step in range(21)):
                assert STRICTNESS(after.action_at(score)) >= STRICTNESS(before.action_at(score))
    assert narrow(installed, settled("threshold violence 0.5")).version != installed.version
    assert narrow(installed, CommunityRules()).version == installed.version


def test_what_the_installation_no_longer_knows_is_left_out():
    rules = CommunityRules(
        thresholds={"weather": 0.1, "hate": 0.95},
        accepted_languages=("xx",),
        other_languages="perhaps",
        public_figures={"pirates": "hold", "politician": "perhaps"},
    )
    assert narrow(default_policy(), rules) == default_policy()


def test_what_there_is_to_choose_is_what_would_change_something():
    policy = describe_policy(default_policy())
    choices = {category.name: category.stricter for category in policy.categories}
    assert (choices["violence"], choices["political"], choices["language"]) == (("refuse",), ("refuse",), ())
    assert "minors" not in choices
    lenient = describe_policy(parse_policy('[categories.violence]\naction = "warn"', over=default_policy()))
    assert {c.name: c.stricter for c in lenient.categories}["violence"] == ("hold", "refuse")
    figures = {figure.role: figure.stricter for figure in policy.figures}
    assert (figures["politician"], figures["crime"]) == (("hold", "refuse"), ("refuse",))


def verdict(prompt: str, value: str):
    installed = default_policy()
    own = narrow(installed, settled(value))
    judge = PromptJudge()
    return judge.judge(PromptSubject(prompt=prompt), policy=own, more_rules=rules_beyond(installed, own))


def test_a_language_that_the_community_does_not_accept_waits_for_a_moderator():
    german = "ein Fuchs im Schnee vor einem alten Haus am Waldrand"
    assert verdict(german, "languages en de").allows
    held = verdict(german, "languages en")
    assert (held.ruling, held.category) == (Ruling.HOLD, Category.FOREIGN)
    assert verdict(german, "languages en, other-languages refuse").ruling is Ruling.REFUSE
    assert verdict("a fox in the snow in front of an old house", "languages en").allows


def test_public_figures_wait_or_are_refused_by_role_without_a_strike():
    held = verdict("Angela Merkel reading a book in a garden", "figures politician hold")
    assert (held.ruling, held.category) == (Ruling.HOLD, Category.COMMUNITY)
    assert "Merkel" in held.evidence
    assert verdict("Angela Merkel reading a book in a garden", "figures athlete refuse").allows
    assert verdict("a gardener reading a book", "figures politician refuse").allows


def test_the_rules_of_the_installation_are_not_asked_twice():
    installed = default_policy()
    assert rules_beyond(installed, narrow(installed, settled("threshold hate 0.4"))) == ()
    (rule,) = rules_beyond(installed, narrow(installed, settled("figures crime refuse")))
    assert isinstance(rule, CommunityFigures)
    assert rule.rulings == {"crime": Ruling.REFUSE}
