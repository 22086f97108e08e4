"""The Home tab's view: credits, queue, latest pictures, and settings that are kept as soon as they are changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from bots.slack.blocks.job_blocks import Block, actions, button, context, image, plain, section
from bots.slack.blocks.modal_views import MOST_OPTIONS, View, named_options, option
from bots.slack.texts import texts
from bots.slack.texts.escaping import mrkdwn
from bots.texts import chat
from bots.texts.lists import balance
from studio.commands.button_ids import Action
from studio.commands.results import Balance
from studio.db.queue_estimates import Outlook
from studio.domain.jobs import Job
from studio.domain.requests import MAX_COUNT
from studio.domain.settings.preferences import Preferences, RemixConsent

PREFIX = "c1h:"  # and the name of a setting: its element was changed
HOUSES = "none"  # gives a setting back to the house
_ASPECTS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeContent:
    """What one person sees of themselves. `recent` are jobs and their uploaded pictures."""

    balance: Balance
    preferences: Preferences
    models: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    waiting: tuple[tuple[Job, Outlook], ...] = ()
    recent: tuple[tuple[Job, str | None], ...] = ()


def home(mine: HomeContent, *, fault: str = "") -> View:
    """`fault` says why a setting was not kept."""
    return {
        "type": "home",
        "blocks": [
            _header(texts.HOME_CREDITS),
            section(mrkdwn(balance(mine.balance))),
            _header(texts.HOME_QUEUE),
            *_queue(mine.waiting),
            {"type": "divider"},
            _header(texts.HOME_RECENT),
            *_pictures(mine.recent),
            {"type": "divider"},
            _header(texts.HOME_SETTINGS),
            *([section(f":warning: {mrkdwn(fault)}")] if fault else []),
            *_settings(mine),
        ],
    }


def home_away() -> View:
    return {"type": "home", "blocks": [section(texts.HOME_AWAY)]}


def _queue(waiting: Sequence[tuple[Job, Outlook]]) -> list[Block]:
    blocks: list[Block] = []
    for job, seen in waiting:
        stands = chat.waiting(seen.ahead, seen.eta_seconds)
        blocks += [
            section(f"{texts.headline(job.request.prompt)}\n{stands}"),
            actions(button(Action.CANCEL, job.id, style="danger")),
        ]
    return blocks or [context(texts.HOME_NOTHING)]


def _pictures(recent: Sequence[tuple[Job, str | None]]) -> list[Block]:
    blocks: list[Block] = []
    for job, file_id in recent:
        prompt = job.request.prompt
        if file_id:
            alternative = chat.alternative(prompt, job.request.count, longest=texts.LONGEST_ALTERNATIVE)
            blocks.append(image(file_id, alternative))
        blocks += [
            section(f"{texts.headline(prompt)}\n`{job.id}`"),
            actions(button(Action.SHOW, job.id), button(Action.REROLL, job.id)),
        ]
    return [*blocks, context(texts.HOME_HELP if recent else texts.HOME_EMPTY)]


def _settings(mine: HomeContent) -> list[Block]:
    chosen = mine.preferences
    houses = option(texts.HOME_HOUSE, HOUSES)
    remix = [option(texts.REMIX[each], each) for each in RemixConsent]
    copies = [option(texts.YES, "yes"), option(texts.NO, "no")]
    counts = [houses, *(option(str(number), str(number)) for number in range(1, MAX_COUNT + 1))]
    aspects = [houses, *(option(each, each) for each in _ASPECTS)]
    if chosen.aspect and chosen.aspect not in _ASPECTS:
        aspects.append(option(chosen.aspect, chosen.aspect))
    return [
        _select("remix", texts.HOME_REMIX, remix, chosen.remix),
        _select("dm", texts.HOME_COPIES, copies, "yes" if chosen.direct_messages else "no"),
        _select("count", texts.HOME_COUNT, counts, str(chosen.count or HOUSES)),
        _select("aspect", texts.HOME_ASPECT, aspects, chosen.aspect or HOUSES),
        _select("model", texts.HOME_MODEL, _names(mine.models, chosen.model), chosen.model or HOUSES),
        _select("style", texts.HOME_STYLE, _names(mine.styles, chosen.style), chosen.style or HOUSES),
    ]


def _select(name: str, label: str, options: Sequence[Block], value: str) -> Block:
    select: Block = {"type": "static_select", "action_id": f"{PREFIX}{name}", "options": list(options)}
    select["initial_option"] = next((each for each in options if each["value"] == value), options[0])
    return section(label, accessory=select)


def _names(names: Sequence[str], chosen: str | None) -> list[Block]:
    """The house's first, and the one that was chosen although it may be gone."""
    shown = dict.fromkeys([*([chosen] if chosen else []), *names])
    return [option(texts.HOME_HOUSE, HOUSES), *named_options(shown, most=MOST_OPTIONS - 1)]


def _header(text: str) -> Block:
    return {"type": "header", "text": plain(text)}
