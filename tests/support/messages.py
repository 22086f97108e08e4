"""A sample of every message and form; each renderer's tests render all of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bots.presentation.compose import action_forms
from bots.presentation.compose.action_forms import FormSubject
from bots.presentation.compose.answers import (
    compose_answer,
    compose_export,
    compose_private,
    compose_sent,
    compose_under_way,
)
from bots.presentation.compose.cases import (
    compose_case,
    compose_case_pictures,
    compose_notice,
    compose_question,
    compose_sentence,
)
from bots.presentation.compose.errors import compose_error, compose_fault
from bots.presentation.compose.help import (
    compose_command_help,
    compose_greeting,
    compose_help,
    compose_together_help,
)
from bots.presentation.compose.job_message import compose_copy, compose_job, compose_ping, with_missing_files
from bots.presentation.compose.picture_choice import compose_choice, compose_disliked, compose_panel
from bots.presentation.compose.settings import HomeContent, compose_home, settings_form
from bots.presentation.compose.starboard import compose_starboard
from bots.presentation.form_model import Form
from bots.presentation.message import Message
from bots.queries.job_view import JobView
from bots.queries.starboard_entry import StarboardEntry
from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.commands.button_ids import Action
from studio.commands.registry import CATALOG
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
    History,
    InQueue,
    JobPublished,
    JobsStopped,
    Linked,
    LinkOffered,
    PicturesDeleted,
    PictureShared,
    Place,
    Relative,
    ReportFiled,
    SettingsChanged,
    StarChanged,
)
from studio.db.takedowns.taken_down_pictures import appeal_advice
from studio.domain.cases import (
    CaseKind,
    CaseState,
    Decision,
    ModeratorNote,
    Notice,
    NoticeKind,
    PersonFile,
    PersonRecord,
    PersonShown,
    StrikeEntry,
)
from studio.domain.events import JobProgress
from studio.domain.jobs import JobState, JobVisibility
from studio.domain.people import Platform, RaidSigns, Sighting
from studio.domain.pictures import PictureDescribed
from studio.domain.prompts.proposal import PromptsProposed
from studio.domain.provenance import Trace
from studio.domain.requests import Lora, Operation, ReferenceKind, Source
from studio.domain.settings.communities import CommunityRules, Tier
from studio.domain.settings.preferences import Preferences, RemixConsent
from studio.domain.settings.saved_styles import SavedStyle, StyleReference, StylesListed
from studio.domain.settings.word_lists import WordsShown, WordTrial
from studio.errors import (
    BadParameterError,
    PolicyRefusalError,
    StorageError,
    UnknownCommandError,
    WrongChannelError,
)
from studio.services.accounts.account_export import Exported
from tests.support.contest_samples import CONTEST_FORMS, CONTEST_MESSAGES
from tests.support.gathering_samples import GATHERING_FORMS, GATHERING_MESSAGES
from tests.support.sample_domain import (
    ANA,
    BO,
    CASE_ID,
    JOB_ID,
    LONG_PROMPT,
    NASTY_PROMPT,
    NOON,
    OTHER_JOB_ID,
    PROMPT,
    sample_case,
    sample_details,
    sample_job,
    sample_origin,
    sample_picture,
    sample_proposal,
    sample_view,
)


def _progress(preview: str | None = None) -> JobProgress:
    return JobProgress(
        job_id=JOB_ID, platform=Platform.DISCORD, step=12, steps=30, preview=preview, seconds_left=40.0
    )


def _without_words() -> JobView:
    job = sample_job(prompt="", operation=Operation.BLEND)
    return sample_view(replace(job, request=replace(job.request, sources=(Source(key="upload"),))))


def _drafts(count: int, **changes: bool) -> JobView:
    job = sample_job(count=count, **changes)
    return sample_view(replace(job, request=replace(job.request, draft=True)))


def _jobs() -> dict[str, Message]:
    painting = sample_view(sample_job(JobState.PAINTING))
    grid = sample_view()
    single = sample_view(sample_job(count=1, operation=Operation.VARY))
    remarked = sample_view(
        pictures=tuple(
            sample_picture(
                index, added_words="an old woman", remark="a word in braces was not read", unread_words=3
            )
            for index in (1, 2, 3, 4)
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
        "job out of reach soon": compose_job(
            replace(
                painting,
                job=replace(painting.job, address=replace(painting.job.address, by_token=True)),
            )
        ),
        "job progress": compose_job(painting, _progress()),
        "job preview": compose_job(painting, _progress("data:image/png;base64,aaaa")),
        "job with early pictures": compose_job(
            replace(painting, pictures=grid.pictures[1:3]), _progress("data:image/png;base64,aaaa")
        ),
        "job with enough pictures": compose_job(
            sample_view(sample_job(JobState.PAINTING, enough_requested=True), pictures=grid.pictures[:1])
        ),
        "job stopping": compose_job(sample_view(sample_job(JobState.PAINTING, cancel_requested=True))),
        "job private": compose_job(sample_view(sample_job(count=4, visibility=JobVisibility.PRIVATE))),
        "job accepted privately": compose_private(
            Accepted(job_id=JOB_ID, state=JobState.QUEUED, private=True)
        ),
        "job published": _answered(JobPublished(job_id=JOB_ID)),
        "job held": compose_job(sample_view(sample_job(JobState.HELD))),
        "job asked": compose_job(sample_view(sample_job(JobState.HELD), asks=True)),
        "job refused": compose_job(sample_view(refused)),
        "job refused for good": compose_job(sample_view(replace(refused, error_code="core"))),
        "job failed": compose_job(sample_view(sample_job(JobState.FAILED))),
        "job cancelled": compose_job(sample_view(sample_job(JobState.CANCELLED))),
        "job deleted": compose_job(sample_view(pictures=())),
        "job copy": compose_copy(grid),
        "job ping": compose_ping(grid.job),
        "job without file": with_missing_files(result, {image.name for image in result.files}),
        "job without one file": with_missing_files(result, {result.files[0].name}),
        "result grid": result,
        "result grid of eight": compose_job(sample_view(sample_job(count=8))),
        "result drafts": compose_job(_drafts(8)),
        "result sixteen drafts": compose_job(_drafts(16)),
        "result sixteen drafts pixelated": compose_job(_drafts(16, spoiler=True), pixelated=True),
        "result grid with a gap": compose_job(replace(grid, pictures=grid.pictures[1:])),
        "result single": compose_job(single),
        "result upscaled": compose_job(sample_view(sample_job(count=1, operation=Operation.UPSCALE))),
        "result spoiler": compose_job(sample_view(sample_job(spoiler=True))),
        "result pixelated": compose_job(sample_view(sample_job(spoiler=True)), pixelated=True),
        "result with remarks": compose_job(remarked),
        "result without words": compose_job(_without_words()),
        "result with markup": compose_job(sample_view(sample_job(prompt=NASTY_PROMPT))),
        "result with a long prompt": compose_job(sample_view(sample_job(prompt=LONG_PROMPT))),
    }


def _errors() -> dict[str, Message]:
    typed = "a fox --sed 7"
    return {
        "error policy": compose_error(PolicyRefusalError(rule="r", category="gore", job_id=JOB_ID)),
        "error elsewhere": compose_error(WrongChannelError(channels=("901", "902"))),
        "error unknown command": compose_error(UnknownCommandError("imagin", nearest="imagine")),
        "error parameter": compose_error(BadParameterError("amount", "not_a_number")),
        "error flag": compose_error(
            BadParameterError(
                "--sed",
                "unknown_flag_nearest",
                text=typed,
                span=(6, 11),
                flag="--sed",
                nearest="--seed",
            )
        ),
        "error storage": compose_error(StorageError()),
        "fault": compose_fault("f4u1t"),
    }


def _panels() -> dict[str, Message]:
    grid, single = sample_job(), sample_job(count=1)
    return {
        "choice": compose_choice(Action.UPSCALE, JOB_ID, [1, 2, 4]),
        "choice of eight": compose_choice(Action.WHO, JOB_ID, range(1, 9)),
        "disliked result": compose_disliked(sample_view(), 0),
        "panel": compose_panel(grid, sample_picture(2, grid, negative_prompt="text", style="ink"), own=False),
        "panel of the owner": compose_panel(
            single, sample_picture(1, single), own=True, possible={Action.REWRITE, Action.DESCRIBE}
        ),
        "panel of a starred picture": compose_panel(
            grid, sample_picture(1, grid), own=False, pressed={Action.STAR}, possible={Action.PICK}
        ),
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
        "notice about a job": compose_notice(
            Notice(
                id=CASE_ID,
                kind=NoticeKind.DECIDED,
                person=ANA,
                text="Your appeal was granted.",
                case_id=CASE_ID,
                written_at=NOON,
                job_id=JOB_ID,
            )
        ),
        "notice of a takedown": compose_notice(
            Notice(
                id=CASE_ID,
                kind=NoticeKind.DECIDED,
                person=ANA,
                text=to_stored(
                    coded("notice.taken_down", picture=f"{JOB_ID}.2"), appeal_advice(f"{JOB_ID}.2", NOON)
                ),
                case_id=CASE_ID,
                written_at=NOON,
            )
        ),
        "notice": compose_sentence(
            "A moderator looked at your report. Type /settings to change what you are told."
        ),
    }


def _lists() -> dict[str, Message]:
    waiting = sample_job(JobState.QUEUED, job_id=OTHER_JOB_ID, prompt=NASTY_PROMPT, cost=12)
    places = (
        Place(job=sample_job(JobState.PAINTING), ahead=0),
        Place(job=waiting, ahead=2, eta_seconds=200.0),
    )
    ended = [JobState.DONE, JobState.REFUSED, JobState.HELD, JobState.FAILED, JobState.CANCELLED] * 2
    cases = (sample_case(), sample_case(CaseKind.APPEAL, id="c4s3c4s3c4s4", claimed_by=BO.key))
    return {
        "queue": _answered(InQueue(places=places)),
        "queue empty": _answered(InQueue(places=())),
        "history": _answered(
            History(
                jobs=tuple(
                    sample_job(state, prompt=LONG_PROMPT, job_id=f"k3v9m2p4qx7{number}")
                    for number, state in enumerate(ended)
                )
            )
        ),
        "history empty": _answered(History(jobs=())),
        "desk": _answered(DeskCases(cases=cases)),
        "desk empty": _answered(DeskCases(cases=())),
    }


def _provenance() -> dict[str, Message]:
    job, other = sample_job(), sample_job(job_id=OTHER_JOB_ID, person=BO, operation=Operation.VARY)
    first, second = sample_picture(1, job), sample_picture(1, other)
    child = Relative(picture=second, person=BO, parents=(first.id,))
    many = [
        Relative(picture=sample_picture(number % 4 + 1, job), person=ANA, parents=()) for number in range(30)
    ]
    gone = Relative(picture=replace(first, deleted=True), person=ANA, parents=())
    known = Attribution(
        known=True, by=Trace.TEXT, picture_id=first.id, made_at=NOON, similarity=0.88, person=ANA
    )
    return {
        "family": _answered(
            Family(
                picture_id=second.id, relatives=(replace(child, picture=first, person=ANA, parents=()), child)
            )
        ),
        "family of one": _answered(
            Family(picture_id=first.id, relatives=(Relative(picture=first, person=ANA, parents=()),))
        ),
        "family of many": _answered(Family(picture_id=many[0].picture.id, relatives=tuple(many))),
        "family with a gap": _answered(Family(picture_id=second.id, relatives=(gone, child))),
        "attribution": _answered(replace(known, picture=first)),
        "attribution by credentials": _answered(replace(known, by=Trace.CREDENTIALS, picture=first)),
        "attribution of a deleted picture": _answered(replace(known, deleted=True)),
        "attribution elsewhere": _answered(replace(known, person=None)),
        "attribution claimed": _answered(Attribution(known=False, by=Trace.MARK, picture_id=first.id)),
        "attribution tampered": _answered(
            Attribution(known=False, software="Some Tool", signed_by="Some Studio", tampered=True)
        ),
        "attribution of nothing": _answered(Attribution(known=False)),
    }


def _person_file(seen: Sighting) -> PersonFile:
    job = sample_job()
    return PersonFile(
        sighting=seen,
        linked=(ANA,),
        record=sample_details().person_record,
        recent=(job,),
        refused=(job,),
        strikes=(StrikeEntry(rule="meaning", category="violence", weight=0.25, at=NOON, overturned=True),),
        notes=(ModeratorNote(words="asked for the same five times", at=NOON),),
        open_cases=(sample_case(),),
    )


def _people() -> dict[str, Message]:
    seen = Sighting(person=BO, first_seen_at=NOON, last_seen_at=NOON)
    appeal = sample_case(CaseKind.APPEAL)
    rules = CommunityRules(
        channels=("901", "902"),
        desk_channel="903",
        star_channel="904",
        tiers={"77": Tier.TRUSTED},
        monthly_credits={Tier.MEMBER: 200},
        pools={"901": 500},
        stances={"violence": "hold"},
    )
    return {
        "balance": _answered(Balance(used=1, monthly=100)),
        "balance without limit": _answered(Balance(used=12, monthly=None)),
        "prompts suggested": _answered(PromptsProposed(proposal=sample_proposal(3))),
        "prompt rewritten": _answered(PromptsProposed(proposal=sample_proposal(1))),
        "picture described": _answered(
            PictureDescribed(picture_id=f"{JOB_ID}.2", text="A red fox sits in deep snow at dawn.", own=True)
        ),
        "enough": _answered(JobsStopped(job_id=JOB_ID, at_once=False, keeps=True)),
        "cancelled": _answered(JobsStopped(job_id=JOB_ID, at_once=True)),
        "stopping": _answered(JobsStopped(job_id=JOB_ID, at_once=False)),
        "deleted": _answered(PicturesDeleted(picture_ids=(f"{JOB_ID}.1",))),
        "deleted out of reach": _answered(PicturesDeleted(picture_ids=(f"{JOB_ID}.1",), stay_shown=True)),
        "deleted of a job that goes on": _answered(
            PicturesDeleted(picture_ids=(f"{JOB_ID}.1",), goes_on=True)
        ),
        "deleted with its job": _answered(JobsStopped(job_id=JOB_ID, at_once=False, deleted=2)),
        "request deleted": _answered(PicturesDeleted(picture_ids=())),
        "deleted several": _answered(PicturesDeleted(picture_ids=(f"{JOB_ID}.1", f"{JOB_ID}.2"))),
        "starred": _answered(StarChanged(picture_id=f"{JOB_ID}.1", stars=3, given=True)),
        "star taken back": _answered(StarChanged(picture_id=f"{JOB_ID}.1", stars=2, given=False)),
        "shared": _answered(PictureShared(picture_id=f"{JOB_ID}.1", url="https://paint.example.org/s/k3v9")),
        "share taken back": _answered(PictureShared(picture_id=f"{JOB_ID}.1")),
        "link": _answered(LinkOffered(code="k3v9m2p4qx", expires_at=NOON)),
        "linked": _answered(Linked(identities=(ANA, BO))),
        "parted": _answered(Linked(identities=(ANA,))),
        "forgotten": _answered(Forgotten(pictures=3, identities=1)),
        "exported": _answered(Exported(identities=2, records=12, files=3)),
        "archive": compose_export(Exported(identities=1, records=5, files=1, left_out=2)),
        "credits given": _answered(CreditsGiven(seen=seen, amount=20, left=80)),
        "report filed": _answered(ReportFiled(case=sample_case())),
        "report repeated": _answered(ReportFiled(case=sample_case(), repeated=True)),
        "appeal filed": _answered(ReportFiled(case=appeal)),
        "appeal repeated": _answered(ReportFiled(case=appeal, repeated=True)),
        "banned": _answered(BanChanged(seen=seen)),
        "banned until": _answered(BanChanged(seen=seen, until=NOON)),
        "ban lifted": _answered(BanChanged(seen=seen, lifted=True)),
        "not banned": _answered(BanChanged(seen=seen, lifted=False)),
        "case taken by command": _answered(CaseOpened(details=sample_details())),
        "case decided by command": _answered(CaseDecided(case=sample_case(decision=Decision.REJECT))),
        "styles": _answered(StylesListed(own=(_STYLE,), shared=(replace(_STYLE, name="clay", words=""),))),
        "styles changed": _answered(StylesListed(own=(_STYLE,), shared=(), changed="ink", change="save")),
        "many styles": _answered(
            StylesListed(
                own=tuple(replace(_STYLE, name=f"ink {n}") for n in range(50)), shared=(_STYLE,) * 30
            )
        ),
        "no styles": _answered(StylesListed(own=(), shared=())),
        "settings": _answered(SettingsChanged(preferences=Preferences())),
        "settings chosen": _answered(SettingsChanged(preferences=_PREFERENCES)),
        "community": _answered(Community(rules=rules)),
        "words": _answered(WordsShown(words={"clown": "refuse", "clown fish": "allow"})),
        "words unset": _answered(WordsShown(words={})),
        "words tried": _answered(
            WordsShown(
                words={},
                tried=("clown",),
                action="hold",
                trial=WordTrial(days=30, requests=412, refused=0, held=3, examples=(JOB_ID,)),
            )
        ),
        "person": _answered(PersonShown(file=_person_file(seen), decided=1, left=1)),
        "raid": _answered(DeskCases(cases=(), raid=RaidSigns(joins=30, refusals=8, reports=0))),
        "lockdown": _answered(
            Community(
                rules=CommunityRules(
                    newcomers_held_until=now() + timedelta(hours=1),
                    uploads_paused_until=now() + timedelta(hours=1),
                )
            )
        ),
        "community unset": _answered(Community(rules=CommunityRules(paused=True))),
        "community by its former name": _answered(Community(rules=rules, former_name="studio")),
        "under way": compose_under_way(),
        "sent": compose_sent(sent=True),
        "not sent": compose_sent(sent=False),
    }


def _pages() -> dict[str, Message]:
    job = sample_job()
    place = Place(job=sample_job(JobState.QUEUED), ahead=1)
    others = [sample_job(job_id=f"k3v9m2p4qx7{number}") for number in range(1, 5)]
    recent = tuple((picture_id, sample_picture(1, picture_id)) for picture_id in others)
    home = HomeContent(balance=Balance(used=3, monthly=100), preferences=_PREFERENCES)
    picture = replace(sample_picture(1, job), stars=3)
    entry = StarboardEntry(picture=picture, job=job, channel="904")
    hidden = replace(entry, job=replace(job, spoiler=True))
    return {
        "home": compose_home(replace(home, waiting=(place,), recent=recent)),
        "home empty": compose_home(home),
        "help": compose_help(note="The model here is thimble. Try /imagine."),
        "help together": compose_together_help(),
        "greeting": compose_greeting(invitation="/invite @Chatelier"),
        "help for moderators": compose_help(moderates=True),
        **{f"help of {spec.name}": compose_command_help(spec) for spec in CATALOG.values()},
        "starboard": compose_starboard(entry, url="https://chat.example/904/1"),
        "starboard spoiler": compose_starboard(hidden),
        "starboard pixelated": compose_starboard(hidden, pixelated=True),
    }


def _answered(answer: Answer) -> Message:
    message = compose_answer(answer)
    assert message is not None
    return message


_STYLE = SavedStyle(
    name="ink",
    words=f"ink wash of {{prompt}}, {NASTY_PROMPT}"[:300],
    negative_prompt="photo",
    model="sdxl",
    loras=(Lora(name="ink", weight=0.8),),
    references=(StyleReference(picture_id="k3v9m2p4qx7a.2", kind=ReferenceKind.STYLE),),
)
_PREFERENCES = Preferences(
    remix=RemixConsent.ASK, direct_messages=True, model="thimble", style="ink", aspect="3:2", count=2
)
MESSAGES: Mapping[str, Message] = {
    **_jobs(),
    **_errors(),
    **_panels(),
    **_cases(),
    **_lists(),
    **_provenance(),
    **_people(),
    **_pages(),
    **GATHERING_MESSAGES,
    **CONTEST_MESSAGES,
}

_ONE = FormSubject(about=f"{JOB_ID}.2", prompt=PROMPT, key="pictures/a.png")
_SEVERAL = FormSubject(about=JOB_ID, pictures=tuple(f"{JOB_ID}.{index}" for index in range(1, 5)))
_UPLOAD = FormSubject(about="t1ck3t", key="uploads/a.png")

FORMS: Mapping[str, Form] = {
    "remix": action_forms.remix_form(_ONE),
    "remix of several": action_forms.remix_form(_SEVERAL),
    "remix of a long prompt": action_forms.remix_form(replace(_ONE, prompt=LONG_PROMPT)),
    "edit": action_forms.edit_form(_ONE),
    "edit of several": action_forms.edit_form(_SEVERAL),
    "edit of an upload": action_forms.edit_form(_UPLOAD),
    "edit by words": action_forms.edit_form(replace(_ONE, edits_by_words=True)),
    "edit of several by words": action_forms.edit_form(replace(_SEVERAL, edits_by_words=True)),
    "edit by words with another model": action_forms.edit_form(
        replace(_ONE, word_editors=("klein", "kontext"))
    ),
    "expand": action_forms.expand_form(_ONE),
    "expand of several": action_forms.expand_form(_SEVERAL),
    "blend": action_forms.blend_form(_ONE),
    "reference": action_forms.reference_form(replace(_ONE, reference_models=("klein", "kontext"))),
    "reference of an upload": action_forms.reference_form(replace(_UPLOAD, reference_models=("klein",))),
    "reference of several": action_forms.reference_form(_SEVERAL),
    "imagine with a reference": action_forms.imagine_form(takes_references=True),
    "report": action_forms.report_form(_ONE),
    "report of several": action_forms.report_form(_SEVERAL),
    "alt": action_forms.alt_form(replace(_ONE, alt_text=LONG_PROMPT)),
    "appeal": action_forms.appeal_form(JOB_ID),
    "imagine": action_forms.imagine_form(models=("thimble", "sdxl"), styles=("ink", "clay")),
    "settings": settings_form(_PREFERENCES, models=("thimble", "sdxl"), styles=("ink", "clay")),
    "settings without names": settings_form(Preferences()),
    "imagine from anywhere": action_forms.imagine_form(asks_channel=True),
    **GATHERING_FORMS,
    **CONTEST_FORMS,
}
