"""A sample of every message and form; each renderer's tests render all of them."""

from collections.abc import Mapping
from dataclasses import replace

from bots.presentation.compose import forms
from bots.presentation.compose.cases import (
    compose_case,
    compose_case_pictures,
    compose_question,
    compose_sentence,
)
from bots.presentation.compose.choices import compose_choice, compose_panel
from bots.presentation.compose.errors import compose_error, compose_fault
from bots.presentation.compose.forms import FormSubject
from bots.presentation.compose.job_message import compose_job, with_missing_files
from bots.presentation.forms import Form
from bots.presentation.message import Message
from studio.commands.button_ids import Action
from studio.domain.cases import CaseKind, CaseState, Decision, PersonRecord
from studio.domain.events import JobProgress
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.requests import Operation
from studio.errors import (
    BadParameterError,
    PolicyRefusalError,
    StorageError,
    UnknownCommandError,
    WrongChannelError,
)
from tests.support.sample_domain import (
    BO,
    JOB_ID,
    LONG_PROMPT,
    NASTY_PROMPT,
    NOON,
    PROMPT,
    sample_case,
    sample_details,
    sample_job,
    sample_origin,
    sample_picture,
    sample_view,
)


def _progress(preview: str | None = None) -> JobProgress:
    return JobProgress(
        job_id=JOB_ID, platform=Platform.DISCORD, step=12, steps=30, preview=preview, seconds_left=40.0
    )


def _jobs() -> dict[str, Message]:
    painting = sample_view(sample_job(JobState.PAINTING))
    grid = sample_view()
    single = sample_view(sample_job(count=1, operation=Operation.VARY))
    remarked = sample_view(
        pictures=tuple(
            sample_picture(
                each, added_words="an old woman", remark="a word in braces was not read", unread_words=3
            )
            for each in (1, 2, 3, 4)
        ),
        origins=(sample_origin(), sample_origin(own=True)),
    )
    refused = sample_job(
        JobState.REFUSED, error_code=PolicyRefusalError.code, error_text="The rules do not allow this (gore)."
    )
    result = compose_job(grid)
    return {
        "job next": compose_job(sample_view(sample_job(JobState.QUEUED))),
        "job waiting": compose_job(
            sample_view(sample_job(JobState.QUEUED, cost=12), ahead=3, eta_seconds=92.0)
        ),
        "job painting": compose_job(painting),
        "job progress": compose_job(painting, _progress()),
        "job preview": compose_job(painting, _progress("data:image/png;base64,aaaa")),
        "job stopping": compose_job(sample_view(sample_job(JobState.PAINTING, cancel_requested=True))),
        "job held": compose_job(sample_view(sample_job(JobState.HELD))),
        "job asked": compose_job(sample_view(sample_job(JobState.HELD), asks=True)),
        "job refused": compose_job(sample_view(refused)),
        "job refused for good": compose_job(sample_view(replace(refused, error_code="core"))),
        "job failed": compose_job(sample_view(sample_job(JobState.FAILED))),
        "job cancelled": compose_job(sample_view(sample_job(JobState.CANCELLED))),
        "job deleted": compose_job(sample_view(pictures=())),
        "job without file": with_missing_files(result, {image.name for image in result.files}),
        "job without one file": with_missing_files(result, {result.files[0].name}),
        "result grid": result,
        "result grid of eight": compose_job(sample_view(sample_job(count=8))),
        "result grid with a gap": compose_job(replace(grid, pictures=grid.pictures[1:])),
        "result single": compose_job(single),
        "result upscaled": compose_job(sample_view(sample_job(count=1, operation=Operation.UPSCALE))),
        "result spoiler": compose_job(sample_view(sample_job(spoiler=True))),
        "result pixelated": compose_job(sample_view(sample_job(spoiler=True)), pixelated=True),
        "result with remarks": compose_job(remarked),
        "result without words": compose_job(sample_view(sample_job(prompt="", operation=Operation.BLEND))),
        "result with markup": compose_job(sample_view(sample_job(prompt=NASTY_PROMPT))),
        "result with a long prompt": compose_job(sample_view(sample_job(prompt=LONG_PROMPT))),
    }


def _errors() -> dict[str, Message]:
    typed = "a fox --sed 7"
    return {
        "error policy": compose_error(PolicyRefusalError(rule="r", category="gore", job_id=JOB_ID)),
        "error elsewhere": compose_error(WrongChannelError(channels=("901", "902"))),
        "error unknown command": compose_error(UnknownCommandError("imagin", nearest="imagine")),
        "error parameter": compose_error(BadParameterError("amount", "must be a number.")),
        "error flag": compose_error(
            BadParameterError("--sed", "is unknown. Did you mean --seed?", text=typed, span=(6, 11))
        ),
        "error storage": compose_error(StorageError()),
        "fault": compose_fault("f4u1t"),
    }


def _panels() -> dict[str, Message]:
    grid, single = sample_job(), sample_job(count=1)
    return {
        "choice": compose_choice(Action.UPSCALE, JOB_ID, [1, 2, 4]),
        "choice of eight": compose_choice(Action.WHO, JOB_ID, range(1, 9)),
        "panel": compose_panel(grid, sample_picture(2, grid, negative_prompt="text", style="ink"), own=False),
        "panel of the owner": compose_panel(single, sample_picture(1, single), own=True),
        "panel of a moderator": compose_panel(grid, sample_picture(1, grid), own=False, moderates=True),
    }


def _cases() -> dict[str, Message]:
    decided = {
        "state": CaseState.CLOSED,
        "decision": Decision.REJECT,
        "decided_by": BO.key,
        "decided_at": NOON,
    }
    claimed = {"claimed_by": BO.key, "claimed_until": NOON}
    consent = sample_case(CaseKind.CONSENT, addressee=BO.key, words="")
    long = sample_details(
        sample_case(CaseKind.APPEAL, words="w " * 250, evidence="e " * 150, note="n " * 250),
        prompts=(LONG_PROMPT, *(f"{number} {PROMPT}" for number in range(9))),
        person_record=PersonRecord(
            jobs=1, refusals=1, strikes=3, earlier_cases=1, banned=True, banned_until=NOON
        ),
    )
    return {
        **{f"case {kind}": compose_case(sample_details(sample_case(kind))) for kind in CaseKind},
        "case claimed": compose_case(sample_details(sample_case(**claimed))),
        "case taken": compose_case(sample_details(sample_case(**claimed)), taken=True),
        "case decided": compose_case(sample_details(sample_case(**decided))),
        "case with long words": compose_case(long),
        "case without job": compose_case(
            sample_details(
                sample_case(CaseKind.SUSPENSION, job_id=None, picture_id=None), job=None, pictures=()
            )
        ),
        "case pictures": compose_case_pictures(sample_details()),
        "case without pictures": compose_case_pictures(sample_details(job=None, pictures=())),
        "question": compose_question(sample_details(consent)),
        "question without words": compose_question(sample_details(consent, prompts=())),
        "question answered": compose_question(sample_details(replace(consent, **decided))),
        "notice": compose_sentence(
            "A moderator looked at your report. Type /settings to change what you are told."
        ),
    }


MESSAGES: Mapping[str, Message] = {**_jobs(), **_errors(), **_panels(), **_cases()}

_ONE = FormSubject(about=f"{JOB_ID}.2", prompt=PROMPT, key="pictures/a.png")
_SEVERAL = FormSubject(about=JOB_ID, pictures=tuple(f"{JOB_ID}.{index}" for index in range(1, 5)))
_UPLOAD = FormSubject(about="t1ck3t", key="uploads/a.png")

FORMS: Mapping[str, Form] = {
    "remix": forms.remix_form(_ONE),
    "remix of several": forms.remix_form(_SEVERAL),
    "remix of a long prompt": forms.remix_form(replace(_ONE, prompt=LONG_PROMPT)),
    "edit": forms.edit_form(_ONE),
    "edit of several": forms.edit_form(_SEVERAL),
    "edit of an upload": forms.edit_form(_UPLOAD),
    "expand": forms.expand_form(_ONE),
    "expand of several": forms.expand_form(_SEVERAL),
    "blend": forms.blend_form(_ONE),
    "report": forms.report_form(_ONE),
    "report of several": forms.report_form(_SEVERAL),
    "appeal": forms.appeal_form(JOB_ID),
    "imagine": forms.imagine_form(models=("thimble", "sdxl"), styles=("ink", "clay")),
    "imagine from anywhere": forms.imagine_form(asks_channel=True),
}
