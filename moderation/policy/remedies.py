"""Which setting or moderator could change a refusal, in words for the person who is refused."""

from moderation.policy.categories import Category
from studio.domain.people import Person, Platform
from studio.domain.verdicts import Verdict

_POLICY = "in the policy file (CHATELIER_MODERATION__POLICY)"
_SETTINGS = {
    Category.FOREIGN: f"`languages` and `other_languages` {_POLICY}",
    Category.FACE: f"`faces` {_POLICY}",
    Category.COMMUNITY: "the list of words (CHATELIER_MODERATION__WORD_LIST)",
    Category.PICTURE: "the list of blocked pictures (CHATELIER_MODERATION__BLOCKED_PICTURES)",
}
# Said first, where a change of the request is a way too.
_ADVICE = {
    Category.ARTIST: "This artist asked that their style is not imitated here. Leave the name out and try again.",
}
_CORE = "No setting and no moderator changes this."
_APPEAL = "If this is a mistake, appeal: a moderator can let it through."
NAME_A_MODERATOR = (
    "To name a moderator, the administrator sets CHATELIER_WEB__MODERATOR_INVITE to a word: a visitor who enters the"
    " web room with it moderates."
)
_ELSEWHERE = "In a server, its moderators can let such a request through."


def remedy_of(verdict: Verdict, person: Person, *, moderated: bool, appeal: bool = True) -> str:
    """`moderated`: somebody moderates where the person is. Without `appeal` there is no job to appeal about."""
    if not verdict.appealable:
        return _CORE
    advice = next((text for category, text in _ADVICE.items() if category == verdict.category), "")
    if moderated and appeal:
        return f"{advice} {_APPEAL}".lstrip()
    setting = setting_of(verdict)
    sentences = [
        advice,
        "" if moderated or person.platform is Platform.CLI else "Nobody moderates here.",
        f"The administrator decides about this with {setting}." if setting else "No setting changes this.",
        "" if moderated else how_to_name_a_moderator(person),
    ]
    return " ".join(filter(None, sentences))


def how_to_name_a_moderator(person: Person) -> str:
    match person.platform:
        case Platform.WEB:
            return NAME_A_MODERATOR
        case Platform.CLI:
            return ""
        case _:
            return _ELSEWHERE


def setting_of(verdict: Verdict) -> str:
    """What an administrator would change; empty for what could not be checked, which never passes by itself."""
    category = next((known for known in Category if known == verdict.category), Category.UNCHECKED)
    if category is Category.UNCHECKED:
        return ""
    return _SETTINGS.get(category, f"[categories.{category.name.lower()}] {_POLICY}")
