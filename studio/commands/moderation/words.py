"""/words: the words that this community refuses, holds or allows; tried on the last month before they apply."""

from dataclasses import dataclass, replace

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.spec import Audience, Call, CommandSpec
from studio.db import settings
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.word_lists import WordAction, WordsShown
from studio.errors import BadParameterError, NotAllowedError
from studio.ports import Ports

_REMOVE = "remove"
_MOST_WORDS = 500
_LONGEST_WORD = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWords:
    words: str = ""
    action: str = WordAction.REFUSE
    apply: str = ""


def change_words(ports: Ports, call: Call, command: ChangeWords) -> WordsShown:
    """Without words, the list. Without `apply`, what they would have done. Raises as `Desk.govern`."""
    if not call.person.moderates:
        raise NotAllowedError("moderators_only")
    named = tuple(
        dict.fromkeys(filter(None, (" ".join(word.lower().split()) for word in command.words.split(","))))
    )
    if any(len(word) > _LONGEST_WORD for word in named):
        raise BadParameterError("words", "too_long_word", most=_LONGEST_WORD)
    with ports.database.read() as session:
        rules = settings.community_rules(session, call.person.platform, call.person.community)
    if not named:
        return WordsShown(words=rules.words)
    if command.action == _REMOVE:
        rest = ports.desk.govern(call.person, lambda rules: _without(rules, named))
        return WordsShown(words=rest.words, tried=named, action=_REMOVE, applied=True)
    action = WordAction(command.action)
    allowed = {word: known for word, known in rules.words.items() if known == WordAction.ALLOW}
    tried = dict(rules.words) if action is WordAction.ALLOW else allowed
    trial = ports.gate.try_words(call.person, {**tried, **dict.fromkeys(named, action)})
    if command.apply:
        rules = ports.desk.govern(call.person, lambda rules: _with(rules, named, action))
    return WordsShown(words=rules.words, tried=named, action=action, trial=trial, applied=bool(command.apply))


def _with(rules: CommunityRules, named: tuple[str, ...], action: WordAction) -> CommunityRules:
    words = {**rules.words, **dict.fromkeys(named, action)}
    if len(words) > _MOST_WORDS:
        raise BadParameterError("words", "too_many_words", most=_MOST_WORDS)
    return replace(rules, words=words)


def _without(rules: CommunityRules, named: tuple[str, ...]) -> CommunityRules:
    return replace(rules, words={word: action for word, action in rules.words.items() if word not in named})


SPEC = CommandSpec(
    name="words",
    summary="Words that this community refuses, holds or allows; first tried on the last month's requests.",
    example="/words clown, circus tent --action hold",
    build=ChangeWords,
    handle=change_words,
    parameters=(
        Parameter(
            name="words",
            kind=Kind.TEXT,
            literal=True,
            summary="Words or phrases, with commas between; none shows the list.",
            positional=True,
            max_length=1000,
        ),
        Parameter(
            name="action",
            kind=Kind.CHOICE,
            summary="What happens to requests with them; allow excuses the others within a phrase.",
            choices=(*WordAction, _REMOVE),
        ),
        Parameter(name="apply", kind=Kind.CHOICE, summary="yes: from now on.", choices=("yes",)),
    ),
    paints=False,
    audience=Audience.MODERATORS,
)
