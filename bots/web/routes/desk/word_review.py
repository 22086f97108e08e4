"""What three filled lists of words would change, and what the new words would have done in the last month."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bots.presentation.compose.errors import compose_error
from bots.texts.translation import translate
from bots.web import texts
from studio.commands.registry import execute
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.db.settings import community_rules
from studio.domain.people import Person
from studio.domain.settings.word_lists import WordAction, WordsShown
from studio.errors import BadParameterError
from studio.ports import Ports

_LONGEST_CALL = 900  # characters of words that the command takes at once
_REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordReview:
    """`lists` are the texts of the three fields, one word or phrase a line, by action.

    `seen` is what holds now. `added` and `removed` are what a save does; `key` tells whether it was shown.
    """

    lists: Mapping[str, str]
    seen: Mapping[str, str]
    added: Mapping[str, Sequence[str]] = field(default_factory=dict)
    removed: Sequence[str] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    changes: Sequence[str] = ()

    @property
    def key(self) -> str:
        return "\n".join(self.changes)


def read_words(ports: Ports, person: Person) -> WordReview:
    with ports.database.read() as session:
        words = community_rules(session, person.platform, person.community).words
    lists = {
        action.value: "\n".join(sorted(word for word, own in words.items() if own == action))
        for action in WordAction
    }
    return WordReview(lists=lists, seen=lists)


def review_words(ports: Ports, call: Call, sent: Mapping[str, str], seen: Mapping[str, str]) -> WordReview:
    """What another moderator added or removed meanwhile stays so."""
    held = {action: _words(text) for action, text in read_words(ports, call.person).lists.items()}
    listed = {action: _words(sent.get(action, "")) for action in held}
    shown = {action: _words(seen.get(action, "\n".join(words))) for action, words in held.items()}
    mentioned = {word for words in listed.values() for word in words}
    new = {action: [word for word in listed[action] if word not in shown[action]] for action in held}
    added = {action: [word for word in new[action] if word not in held[action]] for action in held}
    gone = {word for words in shown.values() for word in words} - mentioned
    removed = [word for words in held.values() for word in words if word in gone]
    lists = {
        action: [
            *(word for word in listed[action] if word in held[action] or word in new[action]),
            *(word for word in held[action] if word not in mentioned and word not in gone),
        ]
        for action in held
    }
    review = WordReview(
        lists={action: "\n".join(words) for action, words in lists.items()},
        seen={action: "\n".join(words) for action, words in held.items()},
        added=added,
        removed=removed,
        changes=[*_sentences(added, removed)],
    )
    return _try_words(ports, call, review, lists)


def _try_words(
    ports: Ports, call: Call, review: WordReview, listed: Mapping[str, Sequence[str]]
) -> WordReview:
    problems: dict[str, str] = {}
    seen: set[str] = set()
    requests = refused = held = days = 0
    for action, words in listed.items():
        if twice := sorted(seen.intersection(words)):
            problems[action] = translate(texts.WORD_TWICE, word=twice[0])
        seen.update(words)
        try:
            for part in _parts(review.added[action]):
                trial = _change(ports, call, part, action, apply=False).trial
                if trial:
                    requests, days = trial.requests, trial.days
                    refused, held = refused + trial.refused, held + trial.held
        except BadParameterError as error:
            problems.setdefault(action, compose_error(error).summary)
    changes = [*review.changes]
    if days:
        changes.append(translate(texts.WORD_TRIAL, requests=requests, days=days, refused=refused, held=held))
    return replace(review, problems=problems, changes=changes)


def save_words(ports: Ports, call: Call, review: WordReview) -> WordReview | None:
    """None: everything was saved."""
    for action, words in ((_REMOVE, review.removed), *review.added.items()):
        try:
            for part in _parts(words):
                _change(ports, call, part, action, apply=True)
        except BadParameterError as error:
            return replace(review, problems={action: compose_error(error).summary})
    return None


def _change(ports: Ports, call: Call, words: Sequence[str], action: str, *, apply: bool) -> WordsShown:
    values = {"words": ", ".join(words), "action": action, **({"apply": "yes"} if apply else {})}
    answer: Answer = execute(ports, call, "words", values)
    assert isinstance(answer, WordsShown)  # noqa: S101 - what this command answers
    return answer


def _words(text: str) -> list[str]:
    """As the command reads them, each once."""
    entries = text.replace(",", "\n").split("\n")
    return list(dict.fromkeys(filter(None, (" ".join(entry.lower().split()) for entry in entries))))


def _parts(words: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if part and sum(map(len, part)) + 2 * len(part) + len(word) > _LONGEST_CALL:
            yield part
            part = []
        part.append(word)
    if part:
        yield part


def _sentences(added: Mapping[str, Sequence[str]], removed: Sequence[str]) -> Iterator[str]:
    for action, words in added.items():
        if words:
            label = translate(texts.POLICY_ACTIONS[action])
            yield translate(texts.WORDS_ADDED, action=label, words=", ".join(words))
    if removed:
        yield translate(texts.WORDS_REMOVED, words=", ".join(removed))
