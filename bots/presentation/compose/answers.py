"""Every answer of a command as a message for the person who asked."""

from dataclasses import replace

from bots.presentation.compose.cases import compose_case
from bots.presentation.compose.collected_pictures import compose_tray
from bots.presentation.compose.gatherings.answers import compose_gathering_answer
from bots.presentation.compose.gatherings.contests.hall import compose_hall
from bots.presentation.compose.gatherings.recaps.leaderboard import compose_leaderboard
from bots.presentation.compose.help import compose_help_shown
from bots.presentation.compose.language_models.answers import compose_model_answer
from bots.presentation.compose.lists import compose_list
from bots.presentation.compose.parts.balance import balance_line
from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.deletion import deletion_line, stopped_line
from bots.presentation.compose.people.person_file import compose_person
from bots.presentation.compose.provenance.attribution import compose_attribution, compose_family
from bots.presentation.compose.settings import compose_community, compose_settings, compose_words
from bots.presentation.message import (
    Audience,
    Code,
    Command,
    Download,
    FileKind,
    Image,
    Link,
    Message,
    Paragraph,
    PersonName,
    Spans,
    Time,
)
from bots.presentation.spans import join_list, join_spans, plain_text, sentence, sentence_plural
from bots.texts import answers as texts
from bots.texts import cases
from bots.texts.cases import outcome
from bots.texts.languages.formats import format_date
from bots.texts.translation import translate_plural
from studio.commands.button_ids import Action
from studio.commands.gathering_results import (
    GatheringActed,
    GatheringOpened,
    GatheringsListed,
    HallShown,
    Tray,
)
from studio.commands.results import (
    Accepted,
    Answer,
    Attribution,
    Balance,
    BanChanged,
    CaseDecided,
    CaseOpened,
    Community,
    CreditsGiven,
    DeskCases,
    Family,
    Forgotten,
    HelpShown,
    History,
    InQueue,
    JobPublished,
    JobsStopped,
    Linked,
    LinkOffered,
    PicturesDeleted,
    PictureShared,
    PictureShown,
    ReportFiled,
    SettingsChanged,
    StarChanged,
)
from studio.domain.cases import CaseKind, PersonShown
from studio.domain.people import Sighting
from studio.domain.pictures import PictureDescribed
from studio.domain.prompts.proposal import PromptsProposed
from studio.domain.settings.saved_styles import StylesListed
from studio.domain.settings.word_lists import WordsShown
from studio.recaps.leaderboard import Leaderboard
from studio.services.accounts.account_export import Exported

EXPORT = "chatelier-export"  # the name of the archive

Long = (
    InQueue
    | History
    | Family
    | Attribution
    | DeskCases
    | CaseOpened
    | SettingsChanged
    | StylesListed
    | Community
    | WordsShown
    | PersonShown
)
Short = (
    JobsStopped
    | PicturesDeleted
    | StarChanged
    | PictureShared
    | JobPublished
    | Balance
    | LinkOffered
    | Linked
    | Exported
    | Forgotten
    | CreditsGiven
    | ReportFiled
    | CaseDecided
    | BanChanged
)


def compose_answer(answer: Answer) -> Message | None:
    """None for `Accepted` and `PictureShown`, which are answered by the message of their job."""
    match answer:
        case Accepted() | PictureShown():
            return None
        case InQueue() | History() | Family() | Attribution() | DeskCases() | CaseOpened():
            return _long(answer)
        case SettingsChanged() | StylesListed() | Community() | WordsShown() | PersonShown():
            return _long(answer)
        case PromptsProposed() | PictureDescribed():
            return compose_model_answer(answer)
        case Tray() | HelpShown():
            return compose_tray(answer) if isinstance(answer, Tray) else compose_help_shown(answer)
        case Leaderboard() | HallShown():
            return compose_hall(answer) if isinstance(answer, HallShown) else compose_leaderboard(answer)
        case GatheringOpened() | GatheringActed() | GatheringsListed():
            return compose_gathering_answer(answer)
        case _:
            return compose_spans(_short(answer))


def compose_spans(spans: Spans) -> Message:
    """One paragraph."""
    return Message(parts=(Paragraph(spans),), audience=Audience.PERSON, summary=plain_text(spans))


def compose_private(answer: Accepted) -> Message:
    """For a private job: where its person will see it."""
    message = compose_spans(sentence(texts.PRIVATE, command=Command(f"/show {answer.job_id}")))
    return replace(message, rows=rows_of([button(Action.SHOW, answer.job_id)]))


def compose_under_way() -> Message:
    """For a second click that meant the same."""
    return compose_spans(sentence(texts.UNDER_WAY))


def compose_sent(*, sent: bool) -> Message:
    """After pictures were sent to a person by direct message, or could not be."""
    return compose_spans(sentence(texts.SENT if sent else texts.NOT_SENT))


def _long(answer: Long) -> Message:
    match answer:
        case InQueue() | History() | DeskCases() | StylesListed():
            return compose_list(answer)
        case Family():
            return compose_family(answer)
        case Attribution():
            return compose_attribution(answer)
        case CaseOpened():
            return compose_case(answer.details, taken=True)
        case SettingsChanged():
            return compose_settings(answer)
        case Community():
            return compose_community(answer)
        case WordsShown():
            return compose_words(answer)
        case PersonShown():
            return compose_person(answer)


def _short(answer: Short) -> Spans:
    match answer:
        case JobsStopped():
            return stopped_line(answer)
        case PicturesDeleted():
            return deletion_line(answer)
        case StarChanged() | PictureShared() | JobPublished():
            return _about_picture(answer)
        case Balance():
            return balance_line(answer)
        case Exported():
            return _export_spans(answer)
        case LinkOffered() | Linked() | Forgotten() | CreditsGiven():
            return _about_people(answer)
        case ReportFiled() | CaseDecided() | BanChanged():
            return _moderation(answer)


def _about_picture(answer: StarChanged | PictureShared | JobPublished) -> Spans:
    match answer:
        case JobPublished():
            return sentence(texts.PUBLISHED)
        case StarChanged(given=False):
            return sentence(texts.STAR_TAKEN_BACK)
        case StarChanged():
            return (translate_plural(texts.STARRED, texts.STARRED_SEVERAL, answer.stars),)
        case PictureShared(url=""):
            return sentence(texts.SHARE_TAKEN_BACK)
        case PictureShared():
            command = Command(f"/share {answer.picture_id} stop")
            return sentence(texts.SHARED, link=Link(answer.url, answer.url), command=command)


def _about_people(answer: LinkOffered | Linked | Forgotten | CreditsGiven) -> Spans:
    match answer:
        case LinkOffered():
            command, expires = Command(f"/link {answer.code}"), Time(answer.expires_at)
            return sentence(texts.LINK_OFFERED, command=command, expires=expires)
        case Linked(identities=(_,)):
            return sentence(texts.PARTED)
        case Linked():
            people = [
                sentence(
                    texts.IDENTITY, person=PersonName(identity), platform=identity.platform.value.title()
                )
                for identity in answer.identities
            ]
            return sentence(texts.LINKED, people=join_list(people))
        case Forgotten():
            return _compose_forgotten(answer)
        case CreditsGiven():
            amount = answer.amount
            given = sentence_plural(
                texts.GIVEN, texts.GIVEN_SEVERAL, amount, person=who(answer.seen), amount=amount
            )
            left = sentence(texts.GIVEN_LEFT, left=answer.left) if answer.left is not None else ()
            return join_spans([*given, " ", *left]) if left else given


def compose_export(answer: Exported) -> Message:
    """With the archive, whose file the front end has made."""
    spans = _export_spans(answer)
    link, export = Command("/link"), Command("/export-me")
    archive = Image(name=EXPORT, alt_text="", kind=FileKind.ARCHIVE)
    download = Download(file=archive, otherwise=sentence(texts.EXPORT_ELSEWHERE, link=link, export=export))
    return Message(parts=(Paragraph(spans), download), audience=Audience.PERSON, summary=plain_text(spans))


def _export_spans(answer: Exported) -> Spans:
    names = translate_plural("{count} name", "{count} names", answer.identities)
    records = translate_plural("{count} record", "{count} records", answer.records)
    files = translate_plural("{count} file", "{count} files", answer.files)
    stored = sentence(texts.EXPORTED, names=names, records=records, files=files)
    if not answer.left_out:
        return stored
    without = translate_plural(texts.EXPORTED_WITHOUT, texts.EXPORTED_WITHOUT_SEVERAL, answer.left_out)
    return join_spans([*stored, " ", without])


def _compose_forgotten(answer: Forgotten) -> Spans:
    pictures = translate_plural("{count} picture", "{count} pictures", answer.pictures)
    names = translate_plural("{count} name", "{count} names", answer.identities)
    gone = sentence(texts.FORGOTTEN, pictures=pictures, names=names)
    return join_spans([*gone, " ", *sentence(texts.FORGOTTEN_REST)])


def _moderation(answer: ReportFiled | CaseDecided | BanChanged) -> Spans:
    match answer:
        case ReportFiled():
            return _compose_filed(answer)
        case CaseDecided(case=case):
            return (f"{outcome(case)}.",) if case.decision else sentence(cases.NOT_DECIDED)
        case BanChanged():
            return _ban(answer)


def _compose_filed(answer: ReportFiled) -> Spans:
    if answer.case.kind is CaseKind.APPEAL:
        return sentence(cases.APPEAL_REPEATED if answer.repeated else cases.APPEAL_FILED)
    filed = sentence(cases.REPORT_REPEATED if answer.repeated else cases.REPORT_FILED)
    return join_spans([*filed, " ", *sentence(cases.REPORT_HIDES)]) if answer.hidden else filed


def _ban(answer: BanChanged) -> Spans:
    person = who(answer.seen)
    if answer.lifted is not None:
        return sentence(texts.BAN_LIFTED if answer.lifted else texts.NOT_BANNED, person=person)
    if answer.until is None:
        return sentence(texts.BANNED, person=person)
    return sentence(texts.BANNED_UNTIL, person=person, until=Time(answer.until, exact=True))


def who(seen: Sighting) -> Spans:
    """A person so that names alike and changed names cannot hide who was meant."""
    person, user_id = PersonName(seen.person), Code(seen.person.user_id)
    first = format_date(seen.first_seen_at)
    if seen.last_seen_at is None:
        return sentence(texts.WHO, person=person, id=user_id, first=first)
    return sentence(
        texts.WHO_SEEN, person=person, id=user_id, first=first, last=format_date(seen.last_seen_at)
    )
