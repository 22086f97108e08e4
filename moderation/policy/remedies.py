"""Which setting or moderator could change a refusal, as advice for the person who is refused."""

from dataclasses import replace

from moderation.policy.categories import Category
from studio.coded_text import CodedText, coded
from studio.domain.people import Person, Platform
from studio.domain.verdicts import Ruling, Verdict

_CLASSIFIER = "meaning"  # the name of its rule
_CORE = coded("advice.core")
_SELF_HARM = coded("advice.self_harm")
_OTHER_WORDS = coded("advice.other_words")
_APPEAL = coded("advice.appeal")
_NO_SETTING = coded("advice.no_setting")
_NOBODY_MODERATES = coded("advice.nobody_moderates")
NAME_A_MODERATOR = coded("advice.name_a_moderator")
_ELSEWHERE = coded("advice.ask_in_a_server")
_LISTS = {Category.COMMUNITY: coded("advice.word_list"), Category.PICTURE: coded("advice.blocked_pictures")}
# Said first, where a change of the request is a way too.
_ADVICE = {Category.ARTIST: (coded("advice.leave_the_artist_out"),)}
# What of the policy file decides, other than the category's own table.
_SETTINGS = {Category.FOREIGN: ("languages", "other_languages"), Category.FACE: ("faces",)}


# A classifier that takes painters of tribal cats for haters shall not tell them so.
CONTEMPT = frozenset({Category.HATE, Category.HARASSMENT})


def with_help(verdict: Verdict) -> Verdict:
    """Of a request about hurting oneself, where somebody finds help.

    Not of one that the classifier alone makes wait: it takes too many others for such.
    """
    doubted = verdict.ruling is Ruling.HOLD and verdict.rule == _CLASSIFIER
    if verdict.allows or doubted or verdict.category != Category.SELF_HARM:
        return verdict
    return replace(verdict, help=(_SELF_HARM,))


def remedy_of(
    verdict: Verdict, person: Person, *, moderated: bool, appeal: bool = True
) -> tuple[CodedText, ...]:
    """`moderated`: somebody moderates where the person is. Without `appeal` there is no job to appeal about."""
    if not verdict.appealable:
        return (_CORE,)
    advice = next((texts for category, texts in _ADVICE.items() if category == verdict.category), ())
    if not verdict.words and not advice:
        advice = (_OTHER_WORDS,)
    if moderated and appeal:
        return (*advice, _APPEAL)
    if verdict.doubtful and verdict.category in CONTEMPT and not moderated:
        # The setting would name the category.
        return (*advice, _NOBODY_MODERATES, *how_to_name_a_moderator(person))
    nobody = () if moderated or person.platform is Platform.CLI else (_NOBODY_MODERATES,)
    named = () if moderated else how_to_name_a_moderator(person)
    return (*advice, *nobody, setting_of(verdict) or _NO_SETTING, *named)


def how_to_name_a_moderator(person: Person) -> tuple[CodedText, ...]:
    match person.platform:
        case Platform.WEB:
            return (NAME_A_MODERATOR,)
        case Platform.CLI:
            return ()
        case _:
            return (_ELSEWHERE,)


def setting_of(verdict: Verdict) -> CodedText | None:
    """What an administrator would change; None for what could not be checked, which never passes by itself."""
    category = next((known for known in Category if known == verdict.category), Category.UNCHECKED)
    if category is Category.UNCHECKED:
        return None
    if category in _LISTS:
        return _LISTS[category]
    settings = _SETTINGS.get(category, (f"[categories.{category.name.lower()}]",))
    return coded("advice.policy_setting", settings=tuple(f"`{name}`" for name in settings))
