"""Answers about people, cases and settings, as lines to read. A face lends its voice: how it escapes and names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bots.texts import cases as case_texts
from bots.texts.chat import shorten
from studio.commands.results import (
    BanChanged,
    CaseDecided,
    Community,
    CreditsGiven,
    DeskCases,
    Forgotten,
    Linked,
    LinkOffered,
    ReportFiled,
    SettingsChanged,
)
from studio.domain.cases import Case, CaseKind, CaseState
from studio.domain.people import Person, Sighting
from studio.domain.settings.communities import CommunityRules, ResultPlacement
from studio.domain.settings.preferences import BuiltOn, Preferences, RemixConsent

Reply = (
    ReportFiled
    | DeskCases
    | CaseDecided
    | BanChanged
    | Community
    | SettingsChanged
    | LinkOffered
    | Linked
    | Forgotten
    | CreditsGiven
)

_REMIX = {
    RemixConsent.ANYONE: "anyone may",
    RemixConsent.ASK: "whoever wants to has to ask me",
    RemixConsent.NOBODY: "nobody may",
}
_BUILT_ON = {
    BuiltOn.OFF: "off",
    BuiltOn.NOW: "I hear at once when others build on my pictures",
    BuiltOn.DAILY: "I hear once a day when others built on my pictures",
}
_RESULTS = {
    ResultPlacement.REPLY: "as a reply to the message that they came from",
    ResultPlacement.THREAD: "in the thread of the message that they came from",
    ResultPlacement.CHANNEL: "in the channel, as messages of their own",
}
EMPTY_DESK = "Nothing lies on the desk."
NOTHING_DECIDED = "Nothing was decided yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatter:
    """How a platform writes what is not ours: text of people, people, channels, roles, times, code."""

    text: Callable[[str], str]
    person: Callable[[Person], str]
    channel: Callable[[str], str]
    role: Callable[[str], str]
    moment: Callable[[datetime], str]
    code: Callable[[str], str]


def lines_of(answer: Reply, voice: Formatter) -> list[str]:
    match answer:
        case ReportFiled():
            return [filed(answer)]
        case DeskCases():
            lines = [desk_line(case, voice) for case in answer.cases]
            return [f"{place}. {line}" for place, line in enumerate(lines, start=1)] or [EMPTY_DESK]
        case CaseDecided():
            return [decided(answer.case)]
        case BanChanged():
            return [ban_changed(answer, voice)]
        case Community():
            return [*_renamed(answer, voice), *_community(answer.rules, voice)]
        case SettingsChanged():
            return list(_settled(answer.preferences, voice))
        case _:
            return [_personal(answer, voice)]


def _personal(answer: LinkOffered | Linked | Forgotten | CreditsGiven, voice: Formatter) -> str:
    match answer:
        case LinkOffered():
            return (
                f"Type {voice.code('/link ' + answer.code)} where you have your other name,"
                f" before {voice.moment(answer.expires_at)}. Show the code to nobody: whoever types it"
                " shares your gallery and your quota."
            )
        case Linked(identities=(_,)):
            return (
                "You stand alone again. What was painted under your other names stays with them,"
                " and so do this month's credits."
            )
        case Linked():
            names = [f"{voice.person(each)} ({each.platform.value.title()})" for each in answer.identities]
            return f"You are one now: {' and '.join(names)}. One gallery, one quota."
        case Forgotten():
            return forgotten(answer)
        case CreditsGiven():
            left = "" if answer.left is None else f" You have {answer.left} left."
            return f"{whom(answer.seen, voice)} has {answer.amount} credits of yours now.{left}"


def filed(answer: ReportFiled) -> str:
    if answer.case.kind is CaseKind.APPEAL:
        return (
            "You have asked for this already; a moderator will look at it."
            if answer.repeated
            else "A moderator will look at it again. You will hear what they decide."
        )
    return (
        "You have reported this already; thank you."
        if answer.repeated
        else "Thank you. The moderators will look at it."
    )


def desk_line(case: Case, voice: Formatter) -> str:
    """A case of a list."""
    stands = case_texts.outcome(case) or ("claimed" if _is_claimed(case) else "open")
    rule = " · ".join(voice.text(each) for each in (case.rule, case.category) if each)
    parts = [voice.code(case.id), case_texts.heading(case), rule, voice.moment(case.opened_at), stands]
    return " · ".join(part for part in parts if part)


def _is_claimed(case: Case) -> bool:
    return case.claimed_by is not None and case.state is CaseState.OPEN


def decided(case: Case) -> str:
    return f"{case_texts.outcome(case)}." if case.decision else "Nothing was decided."


def ban_changed(answer: BanChanged, voice: Formatter) -> str:
    who = whom(answer.seen, voice)
    if answer.lifted is None:
        until = f"until {voice.moment(answer.until)}" if answer.until else "for good"
        return f"{who} cannot paint here {until}. What they had waiting was cancelled."
    return f"{who} may paint here again." if answer.lifted else f"{who} was not banned."


def whom(seen: Sighting, voice: Formatter) -> str:
    """Who was meant: names alike and changed names cannot hide it."""
    return f"{voice.person(seen.person)} (id {voice.code(seen.person.user_id)}, {seen.when})"


def forgotten(answer: Forgotten) -> str:
    names = "one name" if answer.identities == 1 else f"{answer.identities} names"
    pictures = "1 picture" if answer.pictures == 1 else f"{answer.pictures} pictures"
    return f"Deleted for good: {pictures}. What others built on them stays, without {names} of yours."


def _renamed(answer: Community, voice: Formatter) -> Iterator[str]:
    if answer.former_name:
        yield f"{voice.code('/' + answer.former_name)} is now called {voice.code('/community')}."


def _community(rules: CommunityRules, voice: Formatter) -> Iterator[str]:
    def place(channel: str | None) -> str:
        return voice.channel(channel) if channel else "none"

    everywhere = ", ".join(map(voice.channel, rules.channels)) or "everywhere"
    yield "Paused: nothing new is accepted." if rules.paused else "Open."
    yield f"channels: {everywhere}"
    yield f"model: {voice.text(rules.model) if rules.model else 'the instance’s default'}"
    yield f"desk: {place(rules.desk_channel)} · log: {place(rules.log_channel)}"
    yield f"stars: {place(rules.star_channel)}, from {rules.star_threshold} on"
    yield f"pictures: {rules.max_pictures or 'as many as the instance allows'} at a time"
    tiers = ", ".join(f"{voice.role(role)} {tier}" for role, tier in rules.tiers.items())
    yield f"tiers: {tiers or 'none by role'}"
    monthly = ", ".join(f"{tier} {amount}" for tier, amount in rules.monthly_credits.items())
    yield f"credits a month: {monthly or 'the instance’s defaults'}"
    stances = ", ".join(f"{voice.text(name)} {action}" for name, action in rules.stances.items())
    pools = ", ".join(f"{voice.channel(channel)} {amount}" for channel, amount in rules.pools.items())
    yield f"pools, in credits a month: {pools or 'none'}"
    yield f"policy: {stances or 'the instance’s'}"
    yield f"results: {_RESULTS[rules.results]}"
    yield f"ping: {'when a job took longer than 30 s' if rules.ping else 'off'}"


def _settled(chosen: Preferences, voice: Formatter) -> Iterator[str]:
    yield f"remix: {_REMIX[chosen.remix]} build on my pictures"
    yield f"dm: {'my pictures come by direct message too' if chosen.direct_messages else 'no'}"
    for name in ("model", "style", "aspect", "count"):
        value = getattr(chosen, name)
        yield f"{name}: {voice.text(shorten(str(value), 60)) if value is not None else 'the instance’s default'}"
    yield f"built-on: {_BUILT_ON[chosen.built_on]}"
