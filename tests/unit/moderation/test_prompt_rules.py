"""Each prompt rule by itself, with mild and clinical examples."""

import pytest

from moderation.policy.categories import Category
from moderation.policy.policy import default_policy
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt.length import Length
from moderation.rules.prompt.listed_words import ListedWords
from moderation.rules.prompt.minors import Minors
from moderation.rules.prompt.topics import default_topics
from moderation.rules.prompt_judge import PromptJudge
from moderation.text.normalization import MAX_CHARACTERS
from moderation.text.word_lists import HashedWords, PlainWords, Severity
from moderation.training.word_list import lines_for
from studio.domain.people import Person, Platform
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.ports import Admission

PERSON = Person(platform=Platform.WEB, community="room", user_id="1", display_name="Ada")


def library() -> HashedWords:
    words = {"marmalade": Severity.SEVERE, "teapot": Severity.MILD}
    return HashedWords.parse("".join(f"{kind}{key.hex()}\n" for kind, key in lines_for(words)))


# ---- what is judged


def test_every_text_of_a_request_is_judged_and_the_lineage_too() -> None:
    request = PaintRequest(
        operation=Operation.VARY,
        seed=1,
        prompt="one",
        negative_prompt="two",
        style="three",
        guidance_scale=7.0,
    )
    admission = Admission(
        person=PERSON, command="vary", request=request, outstanding_jobs=0, lineage_prompts=("four", "five")
    )
    subject = PromptSubject.of(admission)
    rule = ListedWords(words=library())
    assert {reading.text for reading in subject.every_reading} == {"one", "two", "three", "four", "five"}
    assert subject.wished == ("one", "three", "five", "four")
    for field in ("prompt", "negative", "style"):
        finding = rule.judge(PromptSubject(**{"prompt": "a cat", field: "marmalade"}))
        assert finding is not None
        assert finding.ruling is Ruling.REFUSE
    assert rule.judge(PromptSubject(prompt="make it warmer", lineage=("marmalade on toast",))) is not None


def test_a_negative_prompt_is_a_wish_when_guidance_is_turned_round() -> None:
    request = PaintRequest(
        operation=Operation.IMAGINE, seed=1, prompt="a", negative_prompt="b", guidance_scale=-5.0
    )
    subject = PromptSubject.of(
        Admission(person=PERSON, command="imagine", request=request, outstanding_jobs=0)
    )
    assert "b" in subject.wished


# ---- listed words


def test_a_severe_word_refuses_and_a_mild_one_waits_for_a_moderator() -> None:
    rule = ListedWords(words=library())
    severe = rule.judge(PromptSubject(prompt="a teapot of m4rmalade"))
    mild = rule.judge(PromptSubject(prompt="a teapot"))
    assert severe is not None
    assert mild is not None
    assert (severe.ruling, mild.ruling) == (Ruling.REFUSE, Ruling.HOLD)
    assert severe.category is Category.LANGUAGE


def test_a_harmless_phrase_excuses_the_word_in_it_and_nowhere_else() -> None:
    rule = ListedWords(words=library(), harmless=frozenset({"marmalade cat", "paddington loves marmalade"}))
    assert rule.judge(PromptSubject(prompt="A Marmalade-cat, asleep")) is None
    assert rule.judge(PromptSubject(prompt="paddington loves marmalade")) is None
    assert rule.judge(PromptSubject(prompt="a marmalade cat eats marmalade")) is not None
    assert rule.judge(PromptSubject(prompt="paddington loves marmalade cat marmalade")) is not None


@pytest.mark.parametrize(
    "prompt",
    [
        "Moby Dick in a storm",
        "a blue tit on a branch",
        "Puss in Boots",
        "pussy willow catkins",
        "a cock-a-doodle-doo alarm clock",
        "a chef prepares a cocktail",
        "an assassin's cloak",
        "the Scunthorpe steelworks",
        "night sky, 45s exposure",
        "portrait, 35mm f1.8, 4k",
    ],
)
def test_the_lists_leave_birds_books_and_towns_alone(prompt: str) -> None:
    assert ListedWords.load_bundled().judge(PromptSubject(prompt=prompt)) is None
    assert Minors(explicit=HashedWords.load_bundled()).judge(PromptSubject(prompt=prompt)) is None


def test_a_community_may_add_words_of_its_own() -> None:
    rule = ListedWords.of_community(PlainWords.of(["spoiler"]))
    finding = rule.judge(PromptSubject(prompt="a $poiler"))
    assert finding is not None
    assert finding.category is Category.COMMUNITY
    assert "spoiler" in finding.evidence
    assert "spoiler" not in repr(finding)


# ---- minors


@pytest.mark.parametrize(
    ("prompt", "ruling"),
    [
        ("a nude child", Ruling.REFUSE),
        ("an erotic drawing of a 15 year old", Ruling.REFUSE),
        ("a t33nager, t0pless", Ruling.REFUSE),
        ("s e x u a l schoolgirl", Ruling.REFUSE),
        ("a toddler in a swimsuit on the beach", Ruling.HOLD),
        ("a poster on sexual health for teenagers", None),
        ("a poster on explicit films for teenagers", Ruling.HOLD),
        ("a nude statue in a museum", None),
        ("children playing football", None),
        ("a baby grand piano in A minor, seen by the naked eye", None),
        ("a nude beach, 1920", None),
        ("a child eats chicken breast", None),
    ],
)
def test_minors_and_sex_never_meet(prompt: str, ruling: Ruling | None) -> None:
    finding = Minors().judge(PromptSubject(prompt=prompt))
    assert (finding.ruling if finding else None) is ruling


def test_the_two_contexts_may_come_from_different_steps() -> None:
    finding = Minors().judge(
        PromptSubject(prompt="now without clothes", lineage=("a schoolboy at his desk",))
    )
    assert finding is not None
    assert finding.ruling is Ruling.REFUSE
    assert finding.category is Category.MINORS


def test_a_library_word_counts_as_sexual_beside_a_minor() -> None:
    assert Minors(explicit=library()).judge(PromptSubject(prompt="a child and m a r m a l a d e")) is not None


def test_the_evidence_never_repeats_the_text() -> None:
    finding = Minors().judge(PromptSubject(prompt="a nude child"))
    assert finding is not None
    assert "child" not in finding.evidence


# ---- length


def test_a_text_too_long_to_be_read_waits_for_a_moderator() -> None:
    finding = Length().judge(PromptSubject(prompt="x" * (MAX_CHARACTERS + 1)))
    assert finding is not None
    assert finding.ruling is Ruling.HOLD
    assert Length().judge(PromptSubject(prompt="x" * MAX_CHARACTERS)) is None


# ---- politics, health and spam


def held_for(prompt: str) -> Category | None:
    """What the default policy holds, of what the rules about matters find."""
    found = [rule.judge(PromptSubject(prompt=prompt)) for rule in default_topics()]
    judged = [default_policy().apply(item) for item in found if item]
    return next((finding.category for finding in judged if finding and finding.ruling is Ruling.HOLD), None)


@pytest.mark.parametrize(
    ("prompt", "category"),
    [
        ("a poster with the words Vote for Pedro", Category.POLITICAL),
        ("a campa1gn p0ster with a smiling face", Category.POLITICAL),
        ("a leaflet for a miracle cure", Category.HEALTH),
        ("a banner, Click Here, with a gift", Category.SPAM),
    ],
)
def test_wishes_to_move_heal_or_sell_are_held(prompt: str, category: Category) -> None:
    assert held_for(prompt) == category


@pytest.mark.parametrize(
    "prompt",
    [
        "a president on a horse, oil painting",
        "a nurse gives a vaccine to a child",
        "a ballot box in an empty hall",
        "a shop window with an advertisement for tea",
        "people vote in a school",
        "a campfire poster",
    ],
)
def test_a_matter_that_is_only_named_is_left_to_stricter_instances(prompt: str) -> None:
    assert held_for(prompt) is None


def test_a_stricter_instance_hears_of_what_is_only_named() -> None:
    political = default_topics()[0].judge(PromptSubject(prompt="a president on a horse"))
    assert political is not None
    assert (political.category, political.score) == (Category.POLITICAL, 0.4)


@pytest.mark.parametrize(
    "prompt",
    [
        "a teenager cutting her arms in the bathroom",
        "he slit his wrists",
        "arms full of self-harm scars",
        "a student starving herself",
    ],
)
def test_people_who_hurt_themselves_are_held(prompt: str) -> None:
    verdict = PromptJudge(rules=default_topics()).judge(PromptSubject(prompt=prompt))
    assert (verdict.ruling, verdict.category) == (Ruling.HOLD, Category.SELF_HARM)


@pytest.mark.parametrize(
    "prompt",
    [
        "a barber cutting her hair",
        "cutting his bread",
        "hanging her washing",
        "he burns himself a cd",
        "a wrist watch",
    ],
)
def test_cutting_and_hanging_other_things_is_no_harm(prompt: str) -> None:
    assert PromptJudge(rules=default_topics()).judge(PromptSubject(prompt=prompt)).allows
