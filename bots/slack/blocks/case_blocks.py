"""How a case looks in Slack, and the question to the owner of a picture."""

from typing import Any

from bots.slack.blocks.job_blocks import (
    Block,
    JobBlocks,
    actions,
    button,
    context,
    image,
    plain,
    said,
    section,
)
from bots.slack.texts import texts
from bots.slack.texts.escaping import mrkdwn
from bots.slack.texts.formatting import moment, person, person_of_key
from bots.texts import cases as case_texts
from studio.commands.button_ids import Action
from studio.commands.results import DeskCases
from studio.domain.cases import Case, CaseDetails, CaseState

WINDOW = "c1k:"  # shows a case's pictures to whoever presses it
_MOST_BUTTONS = 20
_STYLES = {
    Action.CLAIM: "primary",
    Action.CONSENT: "primary",
    **dict.fromkeys(case_texts.GRAVE, "danger"),
}


def sheet(details: CaseDetails, mosaic: str | None) -> JobBlocks:
    """`mosaic` is the uploaded copy of its picture."""
    case = details.case
    facts = [f"*{name}*\n{mrkdwn(text, longest=1000)}" for name, text in case_texts.facts(details)]
    blocks: list[Block] = [
        {"type": "header", "text": plain(case_texts.heading(case))},
        section(" · ".join(_people(details))),
        *([image(mosaic, case_texts.BLURRED)] if mosaic else []),
        *map(section, facts),
        context(f"Case `{case.id}`" + (f" · job `{case.job_id}`" if case.job_id else "")),
    ]
    if case.state is CaseState.OPEN:
        window = [_window(case)] if mosaic else []
        blocks.append(actions(*(case_button(each, case) for each in case_texts.buttons(case)), *window))
    return JobBlocks(text=case_texts.heading(case), blocks=tuple(blocks))


def _people(details: CaseDetails) -> list[str]:
    """Who it is about, who brought it, who has it or decided it."""
    case = details.case
    found = [f"About {person(details.subject)}"]
    if case.filed_by and case.filed_by != case.subject:
        found.append(f"filed by {person_of_key(case.filed_by)}")
    if case.state is CaseState.CLOSED:
        found.append(f"*{case_texts.outcome(case)}* by {person_of_key(case.decided_by or '')}")
    elif case.claimed_by and case.claimed_until:
        found.append(f"claimed by {person_of_key(case.claimed_by)} until {moment(case.claimed_until)}")
    return found


def case_button(action: Action, case: Case, **more: Any) -> Block:
    if style := _STYLES.get(action):
        more["style"] = style
    if action in case_texts.GRAVE:
        more["confirm"] = {
            "title": plain(texts.SURE),
            "text": plain(texts.SURE_OF[action]),
            "confirm": plain(case_texts.label(action)),
            "deny": plain(texts.CLOSE),
            "style": "danger",
        }
    return button(action, case.id, **more)


def _window(case: Case) -> Block:
    identifier = f"{WINDOW}{case.id}"
    return {
        "type": "button",
        "action_id": identifier,
        "value": identifier,
        "text": plain(case_texts.SHOW),
        "confirm": {
            "title": plain(texts.SURE),
            "text": plain(texts.SHOW_WARNING),
            "confirm": plain(case_texts.SHOW),
            "deny": plain(texts.CLOSE),
        },
    }


def question(details: CaseDetails) -> JobBlocks:
    case = details.case
    prompt = mrkdwn(details.prompts[0]) if details.prompts else ""
    text = case_texts.question(person(details.subject), f"`{case.picture_id}`", prompt)
    choices = actions(*(case_button(each, case) for each in case_texts.buttons(case)))
    return JobBlocks(text=case_texts.heading(case), blocks=(section(text), choices))


def answered(details: CaseDetails) -> JobBlocks:
    return said(case_texts.answered(details.case, person(details.subject)))


def desk_list(answer: DeskCases, lines: list[str]) -> JobBlocks:
    """The desk as a list, with a button to take each open case."""
    open_ = [case for case in answer.cases if case.state is CaseState.OPEN][:_MOST_BUTTONS]
    post = said("\n".join(lines))
    if not open_:
        return post
    buttons = [
        button(Action.CLAIM, case.id, text=plain(f"{case_texts.label(Action.CLAIM)} {place}"))
        for place, case in enumerate(answer.cases, start=1)
        if case in open_
    ]
    return JobBlocks(text=post.text, blocks=(*post.blocks, actions(*buttons)))


def appeal_under(post: JobBlocks, job_id: str) -> JobBlocks:
    """A refusal with the button to ask a moderator."""
    return JobBlocks(text=post.text, blocks=(*post.blocks, actions(button(Action.APPEAL, job_id))))
