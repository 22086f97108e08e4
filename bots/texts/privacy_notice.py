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
    """`contact` is an address or a URL, empty if none is set.

    Pictures go after `pictures_days`, None for never; the records of a Slack workspace that left after
    `workspace_days`, None where there is no Slack; the words of the worst refusals, unreviewed, after `evidence_days`;
    addresses of reports from outside `report_days` after the decision. Requests without a picture left go after
    `jobs_days`, attached files after `uploads_days`, delivered notices after `notices_days`, and entries of credits are
    summed up after `ledger_days`; None: never. `safety_services` judge requests on other servers, `helper` and
    `captions` write prompts and descriptions there, `remote_models` paint there, and `time_stamps` and `mail` are sent
    from there.
    """

    operator: str = ""
    contact: str = ""
    keep_days: int = 365
    pictures_days: int | None = None
    jobs_days: int | None = None
    uploads_days: int | None = None
    notices_days: int | None = None
    ledger_days: int | None = None
    workspace_days: int | None = None
    evidence_days: int = 90
    report_days: int = 90
    invites: bool = False
    safety_services: bool = False
    helper: bool = False
    captions: bool = False
    remote_models: bool = False
    time_stamps: bool = False
    mail: bool = False


KEPT = (
    "Your id and name on the platform, when you first and last used this instance, and your settings.",
    "Your requests with their words, the pictures that you attached, the pictures that were generated, and their"
    " settings.",
    "Stars, links between your names, and the use of credits.",
    "For moderation: refusals, reports, strikes, decisions and suspensions. The words of the worst refusals, and of"
    " requests that wait for a moderator, are kept encrypted, for the moderator who decides.",
    "On the web: the address of your connection and the invite word, as digests for a day; they stay longer while a"
    " suspension holds.",
)
STAYS = "Requests and pictures stay until you delete them."
STAYS_FOR = (
    "Pictures are deleted after {pictures_days} days, unless somebody starred or collected them or they are part of a"
    " gathering. What else you asked for stays until you delete it."
)
REQUESTS_GO = (
    "Requests of which no picture is left, such as refused ones, are deleted {jobs_days} days after they ended. The"
    " messages about them in chats stay."
)
UPLOADS_GO = "Files that you attached are deleted {uploads_days} days after the last request that used them."
NOTICES_GO = "Messages from this instance to you are forgotten {notices_days} days after they arrived."
CREDITS_SUMMED = "The single uses of credits become one sum {ledger_days} days after their month."
WORKSPACE_LEAVES = (
    "When a Slack workspace removes the app, its records are erased after {workspace_days} days."
)
WORKSPACE_LEAVES_AT_ONCE = "When a Slack workspace removes the app, its records are erased at once."
RETENTION = (
    "Records of closed cases and refused pictures are deleted after {days} days.",
    "A deleted picture is hidden at once, and its file is deleted when no job that waits needs it.",
    "Uploads that are only examined, such as on /verify, are not stored.",
    "Encrypted words are deleted when a moderator has decided (those of a rejected request 30 days later, so that its"
    " person can appeal), or after {evidence_days} days, unless the law asks for them. A picture that has to be"
    " reported to the authorities is kept, encrypted, until the operator releases it; /forget-me does not delete it.",
    "The address that somebody leaves with a report from outside is deleted {report_days} days after the decision.",
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
    "The public page that somebody makes of a picture names its maker, and the people whose pictures it was made from.",
    "It reads the commands, files and reactions that are meant for it, not other messages.",
)
JUDGED_HERE = "Requests and pictures are judged by software on this instance."
JUDGED_ELSEWHERE = "Requests and pictures are also judged by a server that the operator chose."
HELPER = "Prompts that you ask to have written or changed go to a language model on a server that the operator chose."
CAPTIONS = "Finished pictures go to a model on a server that the operator chose, which describes them."
REMOTE_MODELS = (
    "Some models paint on servers that the operator chose. These get your words, and the pictures that you start"
    " from."
)
TIME_STAMPS = "A time-stamp server gets a digest of each picture, and never the picture."
MAIL = "A mail server sends the receipt of a report from outside, and the decision, to the address that was left."
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
    values: dict[str, object] = {
        "operator": operator[:1].upper() + operator[1:],
        "contact": contact,
        "days": facts.keep_days,
        "pictures_days": facts.pictures_days,
        "jobs_days": facts.jobs_days,
        "uploads_days": facts.uploads_days,
        "notices_days": facts.notices_days,
        "ledger_days": facts.ledger_days,
        "workspace_days": facts.workspace_days,
        "evidence_days": facts.evidence_days,
        "report_days": facts.report_days,
    }
    use = [*USE, JUDGED_ELSEWHERE if facts.safety_services else JUDGED_HERE, *_servers(facts)]
    stored = KEPT if facts.invites else KEPT[:-1]
    retention = [STAYS if facts.pictures_days is None else STAYS_FOR, *_forgotten(facts), *RETENTION]
    if facts.workspace_days is not None:
        retention.append(WORKSPACE_LEAVES if facts.workspace_days else WORKSPACE_LEAVES_AT_ONCE)
    texts = {"use": use, "kept": stored, "retention": retention, "rights": RIGHTS, "terms": TERMS}
    return [
        (translate(HEADINGS[name]), [_fill(paragraph, values) for paragraph in paragraphs])
        for name, paragraphs in texts.items()
    ]


def _forgotten(facts: PrivacyFacts) -> list[str]:
    """What else goes by itself."""
    after = {
        REQUESTS_GO: facts.jobs_days,
        UPLOADS_GO: facts.uploads_days,
        NOTICES_GO: facts.notices_days,
        CREDITS_SUMMED: facts.ledger_days,
    }
    return [text for text, days in after.items() if days is not None]


def _servers(facts: PrivacyFacts) -> list[str]:
    """What else leaves this instance."""
    used = {
        HELPER: facts.helper,
        CAPTIONS: facts.captions,
        REMOTE_MODELS: facts.remote_models,
        TIME_STAMPS: facts.time_stamps,
        MAIL: facts.mail,
    }
    return [text for text, is_used in used.items() if is_used]


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
