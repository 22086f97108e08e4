"""The privacy notice and the terms of an instance: what is kept, how long, and whom to ask. One's own archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from bots.texts.languages.formats import format_moment
from bots.texts.translation import translate
from studio.clock import now

TITLE = "Privacy and terms"
_NOBODY = "the team behind this instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyFacts:
    """`contact` is an address or a URL, empty if none is set; `safety_services`: other servers judge requests too."""

    operator: str = ""
    contact: str = ""
    keep_days: int = 365
    invites: bool = False
    safety_services: bool = False


KEPT = (
    "Your id and name on the platform, when you first and last used this instance, and your settings.",
    "Your requests with their words, the pictures that you attached, the pictures that were generated, and their"
    " settings. They stay until you delete them.",
    "Stars, links between your names, and the use of credits.",
    "For moderation: refusals, reports, strikes, decisions and suspensions.",
    "On the web: the address of your connection and the invite word, as digests for a day; they stay longer while a"
    " suspension holds.",
)
RETENTION = (
    "Records of closed cases and refused pictures are deleted after {days} days.",
    "A deleted picture is hidden at once, and its file is deleted when no job that waits needs it.",
    "Uploads that are only examined, such as on /verify, are not stored.",
)
RIGHTS = (
    "/export-me gives you everything that is kept of you. /forget-me yes deletes it, under all your linked names.",
    "Pending moderation is kept until it ends: open cases, strikes that count, and suspensions.",
    "To use your rights without these commands, ask {contact}.",
)
USE = (
    "{operator} runs this instance of Chatelier. It uses what you write to generate pictures for you and to apply the"
    " rules, and for nothing else.",
    "Nothing that you write, attach or generate is used to train a model.",
    "It reads the commands, files and reactions that are meant for it, not other messages.",
)
OTHERS = (
    "Requests and pictures are judged by software on this instance.",
    "Requests and pictures are also judged by a server that the operator chose.",
)
TERMS = (
    "AI generates every picture. Pictures carry marks that say so; do not remove them, and do not present a picture as"
    " a photograph of something that happened.",
    "Do not ask for what the rules forbid: sexual content with minors, intimate pictures of real people, hatred,"
    " threats, or deception. The moderators may refuse, hide and suspend; each refusal says why, and a person decides"
    " an appeal.",
    "Report a picture with /report or at /report on the web, without an account. Intimate pictures of you are decided"
    " first.",
)
HEADINGS = {
    "use": "What it is for",
    "kept": "What is kept",
    "retention": "How long",
    "rights": "Your rights",
    "terms": "Terms",
}


def privacy_sections(facts: PrivacyFacts) -> list[tuple[str, list[str]]]:
    """Headings, each with its paragraphs, in the reader's language."""
    operator = facts.operator or translate(_NOBODY)
    contact = facts.contact or translate(_NOBODY)
    values = {"operator": operator[:1].upper() + operator[1:], "contact": contact, "days": facts.keep_days}
    use = [*USE, OTHERS[1] if facts.safety_services else OTHERS[0]]
    stored = KEPT if facts.invites else KEPT[:-1]
    texts = {"use": use, "kept": stored, "retention": RETENTION, "rights": RIGHTS, "terms": TERMS}
    return [
        (translate(HEADINGS[name]), [_fill(paragraph, values) for paragraph in paragraphs])
        for name, paragraphs in texts.items()
    ]


def _fill(paragraph: str, values: dict[str, object]) -> str:
    named = {name: value for name, value in values.items() if f"{{{name}}}" in paragraph}
    return translate(paragraph, **named)


ARCHIVE_README = """\
This archive holds everything that this Chatelier instance keeps of you, under all your linked names.

records/   one JSON file for each table of the database. Other people's keys read "somebody else", and what others
           wrote when they reported something and the moderators' own records are left out.
pictures/  your pictures, as they were delivered; none that moderators hold or have hidden
uploads/   the pictures that you attached

Made {at} for {names}. /forget-me deletes all of it.
"""


def archive_readme(names: Sequence[str]) -> str:
    """What the archive of `/export-me` says of itself, for the person who has these names."""
    return translate(ARCHIVE_README, at=format_moment(now()), names=", ".join(names))
