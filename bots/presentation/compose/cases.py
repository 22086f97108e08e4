"""A case as moderators see it, the question to the owner of a picture, and notices."""

from dataclasses import replace

from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.person_record import record_line
from bots.presentation.compose.parts.pictures import images_part
from bots.presentation.message import (
    Audience,
    ButtonRow,
    Code,
    Facts,
    FileKind,
    Image,
    Images,
    Message,
    Note,
    Paragraph,
    Part,
    PersonName,
    Small,
    Spans,
    Time,
    Title,
    Tone,
)
from bots.presentation.spans import join_spans, plain_text, sentence, with_commands
from bots.texts import cases
from bots.texts.cases import buttons as actions_of
from bots.texts.cases import heading, outcome, rule_and_category
from bots.texts.coded.sentences import say_stored
from bots.texts.languages.formats import format_number
from bots.texts.shortening import shorten
from bots.texts.translation import EVIDENCE, translate, translate_name, translate_plural
from studio.coded_text import from_stored
from studio.commands.button_ids import Action
from studio.db.takedowns.taken_down_pictures import APPEAL_ADVICE
from studio.domain.cases import Case, CaseDetails, CaseKind, CaseState, Decision, Notice, OutsideReport
from studio.domain.identifiers import MOST_PICTURES, split_picture_id

_MOST_ANCESTORS = 5
_MOST_STATEMENTS = 8
_REPORTERS_LETTERS, _OTHERS_LETTERS = 500, 700
_DECISIONS_IN_A_ROW = 3  # as many as fit side by side on a phone
_TONES = {
    CaseKind.HOLD: Tone.WARNING,
    CaseKind.REPORT: Tone.DANGER,
    CaseKind.APPEAL: Tone.WORKING,
    CaseKind.SUSPENSION: Tone.DANGER,
    CaseKind.CONSENT: Tone.NEUTRAL,
}


def compose_case(details: CaseDetails, *, taken: bool = False) -> Message:
    """Its picture is a pixelated copy, and gone once the case is decided. `taken`: for the moderator who took it."""
    case = details.case
    is_open = case.state is CaseState.OPEN
    shown = details.images[:1] if is_open else ()
    parts: list[Part] = [
        *([Paragraph((translate(cases.YOURS),))] if taken else []),
        Title(heading(case)),
        *(Images(images=(_pixelated_image(image.id, image.key),)) for image in shown),
        Facts((*_people(details), *_facts(details), *_refused_words(details))),
        Small(_ids(case)),
    ]
    return Message(
        parts=tuple(parts),
        rows=_case_rows(case, has_pictures=bool(shown)) if is_open else (),
        tone=_TONES[case.kind] if is_open else Tone.NEUTRAL,
        audience=Audience.PERSON if taken else Audience.CHANNEL,
        summary=heading(case),
    )


def compose_case_pictures(details: CaseDetails) -> Message:
    """The pictures as they are, for a moderator who asks for them."""
    prompt = details.prompts[0] if details.prompts else translate(cases.NO_WORDS)
    images = tuple(
        Image(
            name=image.id,
            alt_text=translate(
                cases.PICTURE_ALT_TEXT, heading=heading(details.case), number=number, prompt=prompt
            ),
            key=image.key,
        )
        for number, image in enumerate(details.images[:MOST_PICTURES], start=1)
    )
    part: Part = (
        images_part(images, heading(details.case), spoiler=True)
        if images
        else Note(spans=(translate(cases.NO_PICTURES),))
    )
    return Message(parts=(part,), audience=Audience.PERSON, summary=heading(details.case))


def compose_question(details: CaseDetails) -> Message:
    """To the owner of a picture, while the question waits for an answer and afterwards."""
    case = details.case
    asker = PersonName(details.subject)
    if case.decision is not None:
        allowed = case.decision is Decision.APPROVE
        spans = sentence(cases.ALLOWED if allowed else cases.DECLINED, asker=asker)
        return Message(parts=(Paragraph(spans),), audience=Audience.PERSON, summary=plain_text(spans))
    prompt = details.prompts[0] if details.prompts else ""
    question = cases.QUESTION if prompt else cases.QUESTION_WITHOUT_WORDS
    spans = sentence(question, asker=asker, picture=Code(case.picture_id or ""), prompt=prompt)
    return Message(
        parts=(Paragraph(spans),),
        rows=rows_of([button(action, case.id) for action in actions_of(case)]),
        audience=Audience.PERSON,
        summary=plain_text(spans),
    )


def compose_notice(notice: Notice) -> Message:
    """With a button to show the job that it is about, or to appeal for a picture that was taken down."""
    message = compose_sentence(say_stored(notice.text))
    if picture := _appealable_picture(notice.text):
        return replace(message, rows=rows_of([button(Action.APPEAL, *picture)]))
    if notice.job_id is None:
        return message
    return replace(message, rows=rows_of([button(Action.SHOW, notice.job_id)]))


def _appealable_picture(stored: str) -> tuple[str, int] | None:
    """The job of the picture that a notice of a takedown is about, and its number."""
    advice = (text for text in from_stored(stored) or () if text.code == APPEAL_ADVICE)
    return next((split_picture_id(str(text.values["picture"])) for text in advice), None)


def compose_sentence(text: str, *, audience: Audience = Audience.PERSON) -> Message:
    """Words that are ready to be shown, such as a digest or a hint, a paragraph a line."""
    lines = tuple(Paragraph(with_commands(line)) for line in text.splitlines() if line.strip())
    return Message(parts=lines, audience=audience, summary=next(iter(text.splitlines()), ""))


def _pixelated_image(name: str, key: str) -> Image:
    return Image(name=name, alt_text=translate(cases.BLURRED), key=key, kind=FileKind.PIXELATED)


def _case_rows(case: Case, *, has_pictures: bool) -> tuple[ButtonRow, ...]:
    """Taking and looking first, then what can be decided."""
    actions = actions_of(case)
    claimed = case.claimed_by is not None
    first = [button(action, case.id, pressed=claimed) for action in actions if action is Action.CLAIM]
    if has_pictures:
        first.append(button(Action.REVEAL, case.id))
    decisions = [button(action, case.id) for action in actions if action is not Action.CLAIM]
    return (*rows_of(first), *rows_of(decisions, most=_DECISIONS_IN_A_ROW))


def _people(details: CaseDetails) -> list[tuple[str, Spans]]:
    """Whom it is about, who brought it, who has it or decided it."""
    case = details.case
    found: list[tuple[str, Spans]] = [(cases.ABOUT, (PersonName(details.subject),))]
    if case.filed_by and case.filed_by != case.subject:
        found.append((cases.FILED_BY, (PersonName(case.filed_by),)))
    if case.state is CaseState.CLOSED:
        person = PersonName(case.decided_by or "")
        found.append((cases.DECIDED, sentence(cases.DECIDED_BY, outcome=outcome(case), person=person)))
    elif case.claimed_by and case.claimed_until:
        person, until = PersonName(case.claimed_by), Time(case.claimed_until)
        found.append((cases.CLAIMED, sentence(cases.CLAIMED_BY, person=person, until=until)))
    return [(translate(label), spans) for label, spans in found]


def _facts(details: CaseDetails) -> list[tuple[str, Spans]]:
    case, request = details.case, details.job.request if details.job else None
    found: list[tuple[str, Spans]] = [
        (cases.PROMPT, (_prompt(details),)),
        (cases.NEGATIVE, (request.negative_prompt if request else "",)),
        (cases.STYLE, ((request.style or "") if request else "",)),
        (cases.RULE, (rule_and_category(case),)),
        (cases.EVIDENCE, (_evidence(case.evidence),)),
        (cases.WORDS, (_reporters_words(details) or case.words,)),
        (cases.WEIGHT, (format_number(case.weight, ".2f") if case.kind is CaseKind.REPORT else "",)),
        (cases.DECIDE_BY, (Time(details.decide_by),) if details.decide_by else ()),
        (cases.ANSWER_TO, (", ".join(details.contacts),)),
        (cases.RECORD, record_line(details.person_record)),
        (cases.NOTE, (case.note,)),
    ]
    return [(translate(label), spans) for label, spans in found if join_spans(spans)]


def _reporters_words(details: CaseDetails) -> str:
    """What reporters from outside say, each with the name that they sign with; empty where there are none.

    The first one's words are whole; the others share what room is left in a message.
    """
    statements = details.statements
    if statements and details.case.words not in (report.words for report in statements):
        statements = (OutsideReport(picture_id=None, words=details.case.words), *statements)  # before 0031
    others = len(statements[:_MOST_STATEMENTS]) - 1
    lines = []
    for number, report in enumerate(statements[:_MOST_STATEMENTS]):
        most = _REPORTERS_LETTERS if number == 0 else min(_REPORTERS_LETTERS, _OTHERS_LETTERS // others)
        faith = translate(cases.IN_GOOD_FAITH) if report.good_faith else ""
        signed = ", ".join(part for part in (report.reporter, faith) if part)
        words = shorten(report.words, most)
        lines.append(f"{words} ({signed})" if signed else words)
    if hidden := len(statements) - len(lines):
        lines.append(translate_plural(*cases.MORE_REPORTS, hidden))
    return " · ".join(lines)


def _evidence(stored: str) -> str:
    """Phrases of rules in the reader's language; words and numbers as they are."""
    return " · ".join(translate_name(EVIDENCE, part) for part in stored.split(" · "))


def _refused_words(details: CaseDetails) -> list[tuple[str, Spans]]:
    """What an account was frozen for, for the moderator who claimed the case; the others read that it is there."""
    if details.case.state is CaseState.CLOSED or not details.has_evidence:
        return []
    if details.case.kind is not CaseKind.SUSPENSION:
        return []  # they are the prompt
    missing = cases.UNREADABLE_WORDS if details.unreadable else cases.KEPT_WORDS
    words = " ← ".join(details.refused_words) or translate(missing)
    return [(translate(cases.REFUSED_WORDS), (words,))]


def _prompt(details: CaseDetails) -> str:
    """The job's own words, then those of the pictures it starts from."""
    if not details.prompts:
        return ""
    ancestors = [prompt for prompt in dict.fromkeys(details.prompts[1:]) if prompt]
    missing = cases.NO_WORDS
    if details.has_evidence and details.case.kind is not CaseKind.SUSPENSION:
        missing = cases.UNREADABLE_WORDS_OF_A_REQUEST if details.unreadable else cases.KEPT_WORDS
    own = details.prompts[0] or translate(missing)
    return " ← ".join([own, *ancestors[:_MOST_ANCESTORS]])


def _ids(case: Case) -> Spans:
    if case.job_id is None:
        return sentence(cases.CASE_ID, case=Code(case.id))
    return sentence(cases.CASE_AND_JOB, case=Code(case.id), job=Code(case.job_id))
