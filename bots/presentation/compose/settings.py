"""A person's settings, the rules of a community, and the page of one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bots.presentation.compose.lists import numbered_buttons, queue_entries
from bots.presentation.compose.parts.balance import balance_line
from bots.presentation.compose.parts.buttons import button, rows_of
from bots.presentation.compose.parts.fields import (
    aspect_field,
    language_field,
    named_setting_fields,
    setting_field,
)
from bots.presentation.compose.parts.pictures import picture_image
from bots.presentation.form_model import Form
from bots.presentation.message import (
    Audience,
    ChannelName,
    Code,
    Command,
    Facts,
    Images,
    Message,
    Paragraph,
    Part,
    RoleName,
    Small,
    Spans,
    Time,
    Title,
)
from bots.presentation.spans import join_parts, sentence, sentence_plural
from bots.texts import settings as texts
from bots.texts.forms import SAVE
from bots.texts.translation import translate
from studio.clock import now
from studio.commands.account.settings import RESET
from studio.commands.button_ids import NO_TARGET, Action
from studio.commands.results import Balance, Community, Place, SettingsChanged
from studio.domain.jobs import Job
from studio.domain.pictures import Picture
from studio.domain.requests import MAX_COUNT
from studio.domain.settings.channels import ChannelRules
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.policy_overrides import policy_entries
from studio.domain.settings.preferences import BuiltOn, Preferences, RemixConsent
from studio.domain.settings.word_lists import WordsShown


def compose_settings(answer: SettingsChanged) -> Message:
    return Message(
        parts=(Title(translate(texts.SETTINGS)), preference_facts(answer.preferences)),
        rows=rows_of([button(Action.SETTINGS, NO_TARGET)]),
        audience=Audience.PERSON,
        summary=translate(texts.SETTINGS),
    )


def preference_facts(chosen: Preferences) -> Facts:
    default = translate(texts.DEFAULT)
    facts = {
        texts.REMIX: translate(texts.REMIX_CHOICES[chosen.remix]),
        texts.DIRECT_MESSAGES: translate(texts.YES if chosen.direct_messages else texts.NO),
        texts.BUILT_ON: translate(texts.BUILT_ON_CHOICES[chosen.built_on]),
        texts.RECAP_NAMES: translate(texts.YES if chosen.recap else texts.NO),
        texts.LANGUAGE: chosen.language.own_name if chosen.language else translate(texts.AUTOMATIC),
        texts.COUNT: str(chosen.count) if chosen.count else default,
        texts.ASPECT: chosen.aspect or default,
        texts.MODEL: chosen.model or default,
        texts.STYLE: chosen.style or default,
    }
    return Facts(tuple((translate(label), (value,)) for label, value in facts.items()))


def compose_community(answer: Community) -> Message:
    renamed = _rename_note(answer.former_name) if answer.former_name else ()
    return Message(
        parts=(Title(translate(texts.RULES)), *renamed, _rule_facts(answer.rules)),
        audience=Audience.PERSON,
        summary=translate(texts.RULES),
    )


def _rename_note(old: str) -> tuple[Paragraph]:
    return (Paragraph(sentence(texts.RENAMED, old=Command(f"/{old}"), new=Command("/community"))),)


def _starboard(channel: str, least: int) -> Spans:
    return sentence_plural(texts.STARS_FROM, texts.STARS_FROM_SEVERAL, least, channel=ChannelName(channel))


def _rule_facts(rules: CommunityRules) -> Facts:
    facts: Mapping[str, Spans] = {
        texts.STATUS: sentence(texts.PAUSED if rules.paused else texts.OPEN),
        texts.CHANNELS: _channels(rules.channels) or sentence(texts.EVERYWHERE),
        texts.MODEL: (rules.model or translate(texts.DEFAULT),),
        texts.DESK: _channels((rules.desk_channel,)) or sentence(texts.NONE),
        texts.LOG: _channels((rules.log_channel,)) or sentence(texts.NONE),
        texts.STARS: _starboard(rules.star_channel, rules.star_threshold)
        if rules.star_channel
        else sentence(texts.NONE),
        texts.RECAP: _channels((rules.recap_channel,)) or sentence(texts.NONE),
        texts.GATHERINGS: sentence(texts.HOSTS[rules.gatherings]),
        texts.NEWCOMERS_VOTE: sentence(texts.YES if rules.newcomers_vote else texts.NO),
        texts.LOCKDOWN: lockdown_spans(rules) or sentence(texts.NONE),
        texts.WORDS: (str(len(rules.words)),) if rules.words else sentence(texts.NONE),
        texts.COMMUNITY_LANGUAGE: (rules.language.own_name,)
        if rules.language
        else sentence(texts.AUTOMATIC_HERE),
        texts.RESULTS: sentence(texts.PLACEMENTS[rules.results]),
        texts.PING: sentence(texts.YES if rules.ping else texts.NO),
        texts.MOST_PICTURES: (str(rules.max_pictures or translate(texts.AS_MANY)),),
        texts.TIERS: join_parts(((RoleName(role), f" {tier}") for role, tier in rules.tiers.items()), ", ")
        or sentence(texts.NONE),
        texts.CREDITS: (
            ", ".join(f"{tier} {amount}" for tier, amount in rules.monthly_credits.items())
            or translate(texts.DEFAULT),
        ),
        texts.POOLS: join_parts(
            ((ChannelName(channel), f" {amount}") for channel, amount in rules.pools.items()), ", "
        )
        or sentence(texts.NONE),
        texts.POLICY: (", ".join(policy_entries(rules)) or translate(texts.NONE),),
        texts.BY_CHANNEL: join_parts(
            ((ChannelName(name), f": {_channel_facts(own)}") for name, own in rules.by_channel.items()), "; "
        )
        or sentence(texts.NONE),
    }
    return Facts(tuple((translate(label), spans) for label, spans in facts.items()))


def _channel_facts(own: ChannelRules) -> str:
    facts = (
        *own.models,
        *(f"{category} {action}" for category, action in own.stances.items()),
        *([translate(texts.AGE_RESTRICTED)] if own.age_restricted else []),
        *([translate(texts.SPOILERS)] if own.spoilers else []),
    )
    return ", ".join(facts)


def lockdown_spans(rules: CommunityRules) -> Spans:
    """What is held and paused at the moment, and until when; empty where nothing is."""
    at = now()
    parts = []
    if rules.newcomers_held_until and rules.holds_newcomers(at):
        parts.append(sentence(texts.NEWCOMERS_HELD, until=Time(rules.newcomers_held_until, exact=True)))
    if rules.uploads_paused_until and rules.pauses_uploads(at):
        parts.append(sentence(texts.UPLOADS_PAUSED, until=Time(rules.uploads_paused_until, exact=True)))
    return join_parts(parts, ", ")


def _word_facts(answer: WordsShown) -> tuple[Facts, ...]:
    listed = sorted(answer.words.items())[:_MOST_LINES]
    if answer.tried or not listed:
        return ()
    return (Facts(tuple((word, (action,)) for word, action in listed)),)


def compose_words(answer: WordsShown) -> Message:
    """The list, or what some words would do."""
    lines: list[Spans] = []
    if trial := answer.trial:
        lines.append(
            sentence(
                texts.WORDS_TRIED,
                requests=trial.requests,
                days=trial.days,
                refused=trial.refused,
                held=trial.held,
            )
        )
        if trial.examples:
            jobs = join_parts([(Code(job_id),) for job_id in trial.examples], ", ")
            lines.append(sentence(texts.WORDS_EXAMPLES, jobs=jobs))
    if answer.applied:
        lines.append(sentence(texts.WORDS_APPLIED))
    elif answer.tried:
        lines.append(sentence(texts.WORDS_NOT_YET, apply=Code("--apply yes")))
    elif not answer.words:
        example = Command("/words clown, circus tent --action hold")
        lines.append(sentence(texts.WORDS_NONE, example=example))
    title = translate(texts.WORDS)
    return Message(
        parts=(Title(title), *map(Paragraph, lines), *_word_facts(answer)),
        audience=Audience.PERSON,
        summary=title,
    )


def _channels(channels: tuple[str | None, ...]) -> Spans:
    return join_parts(((ChannelName(channel),) for channel in channels if channel), " ")


_MOST_LINES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeContent:
    """What one person sees of themselves. `recent` are jobs that are done, each with its first picture."""

    balance: Balance
    preferences: Preferences
    waiting: tuple[Place, ...] = ()
    recent: tuple[tuple[Job, Picture], ...] = ()


def compose_home(content: HomeContent) -> Message:
    """Credits, queue and latest pictures; the settings are behind a button."""
    cancels = numbered_buttons(Action.CANCEL, [place.job.id for place in content.waiting])
    shows = numbered_buttons(Action.SHOW, [job.id for job, _ in content.recent])
    return Message(
        parts=(
            Title(translate(texts.HOME_CREDITS)),
            Paragraph(balance_line(content.balance)),
            Title(translate(texts.HOME_QUEUE)),
            *_queue(content),
            Title(translate(texts.HOME_RECENT)),
            *_recent(content),
            Title(translate(texts.SETTINGS)),
            preference_facts(content.preferences),
            Small(sentence(texts.HOME_HELP, command=Command("/help"))),
        ),
        rows=(*rows_of(cancels), *rows_of(shows), *rows_of([button(Action.SETTINGS, NO_TARGET)])),
        audience=Audience.PERSON,
        summary=translate(texts.HOME_RECENT),
    )


def _queue(content: HomeContent) -> list[Part]:
    entries = queue_entries(content.waiting)
    return [Paragraph(entry) for entry in entries] or [Small(sentence(texts.HOME_QUEUE_EMPTY))]


def _recent(content: HomeContent) -> list[Part]:
    if not content.recent:
        return [Small(sentence(texts.HOME_RECENT_EMPTY, command=Command("/imagine a red fox in the snow")))]
    images = tuple(picture_image(picture, job.request.count) for job, picture in content.recent)
    return [Images(images=images)]


def settings_form(
    preferences: Preferences, *, models: Sequence[str] = (), styles: Sequence[str] = ()
) -> Form:
    """Filled in as things are; `RESET` gives a setting back to the defaults."""
    remix = {consent.value: texts.REMIX_CHOICES[consent] for consent in RemixConsent}
    built_on = {notice.value: texts.BUILT_ON_CHOICES[notice] for notice in BuiltOn}
    direct = {"yes": texts.YES, "no": texts.NO}
    counts = {RESET: texts.DEFAULT} | {str(number): str(number) for number in range(1, MAX_COUNT + 1)}
    return Form(
        command="settings",
        about="",
        title=translate(texts.SETTINGS),
        fields=(
            setting_field("remix", texts.REMIX, remix, preferences.remix),
            setting_field(
                "dm", texts.DIRECT_MESSAGES, direct, "yes" if preferences.direct_messages else "no"
            ),
            setting_field("built_on", texts.BUILT_ON, built_on, preferences.built_on),
            language_field(preferences.language),
            setting_field("count", texts.COUNT, counts, str(preferences.count or RESET)),
            replace(
                aspect_field(texts.ASPECT),
                initial=preferences.aspect or RESET,
                hint=translate(texts.RESET_HINT),
            ),
            *named_setting_fields("model", texts.MODEL, models, preferences.model),
            *named_setting_fields("style", texts.STYLE, styles, preferences.style),
        ),
        submit=translate(SAVE),
    )
