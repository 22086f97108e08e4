"""Public figures in scenes that could harm them: nakedness, violence, death, crime, humiliation and false news.

A harmless scene with a well-known person is what the policy makes of their role: `[public_figures]` in a policy file.
Names of history and fiction are on no list.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources

from moderation.people.public_figures import Figure, PublicFigures, Role
from moderation.people.scene_model import SOMEONE, SceneModel
from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.policy.policy import Action
from moderation.rules.prompt.meaning import MAX_CHARACTERS
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.language_id import language_of
from moderation.text.normalization import NormalizedText, fold_text, read
from moderation.text.word_beginnings import WordBeginnings, warning_words
from moderation.text.word_segmentation import FAR_FETCHED, View
from studio.domain.verdicts import Ruling

_GRAVE, _DOUBTFUL, _HARMLESS = 1.0, 0.7, 0.3  # scores
# Harm as the model of scenes sees it, which takes some sport for violence.
_DOUBT_BESIDE_WORDS, _DOUBT, _HARM, _HARM_IN_SPORT = 0.4, 0.6, 0.97, 0.8
_BY_MEANING = "the scene as a whole"
_VAGUE = FAR_FETCHED | {View.STRETCHED, View.MASKED}
_RULINGS = {Action.ALLOW: Ruling.ALLOW, Action.HOLD: Ruling.HOLD, Action.REFUSE: Ruling.REFUSE}


class PublicFigureScenes:
    name = "public_figures"

    def __init__(
        self,
        *,
        harmless: Mapping[str, Action] | None = None,
        people: PublicFigures | None = None,
        scenes: SceneModel | None = None,
    ) -> None:
        """`harmless` is what happens to harmless scenes, by role; roles that are absent are allowed."""
        self._harmless = harmless or {}
        self._people = people
        self._scenes = scenes or SceneModel.load_bundled()

    def warm_up(self) -> None:
        PublicFigures.load_bundled()

    def judge(self, subject: PromptSubject) -> Finding | None:
        """The names and what happens may stand in different texts of the request."""
        people = self._people or PublicFigures.load_bundled()
        readings = [without_harmless_phrases(reading) for reading in subject.wished_readings]
        named = [people.find(*texts) for texts in zip(readings, subject.wished, strict=True)]
        figures = list(dict.fromkeys(figure for names in named for figure in names.values()))
        if not figures:
            return None
        evidence = ", ".join(figure.name for figure in figures)
        written = next(name for names in named for name in names)
        score, reason = self._worst(readings, subject.wished, named)
        if score >= _DOUBTFUL:
            return self._finding(Ruling.REFUSE, f"{evidence}: {reason}", score, words=written)
        actions = [self._harmless.get(figure.role, Action.ALLOW) for figure in figures]
        ruling = max((_RULINGS[action] for action in actions), key=list(Ruling).index)
        score = _HARMLESS if ruling is Ruling.ALLOW else _GRAVE
        return self._finding(ruling, evidence, score, words=written)

    def _finding(self, ruling: Ruling, evidence: str, score: float, *, words: str) -> Finding:
        return Finding(
            ruling=ruling,
            rule=self.name,
            category=Category.PUBLIC_FIGURE,
            evidence=evidence,
            score=score,
            words=words,
        )

    def _worst(
        self, readings: Sequence[NormalizedText], typed: Sequence[str], named: Sequence[Mapping[str, Figure]]
    ) -> tuple[float, str]:
        """The score, and the words or the category of the classifier that it comes from."""
        sport = all(figure.role is Role.ATHLETE for names in named for figure in names.values())
        found = {
            phrase: kind
            for reading in readings
            for phrase, kind in _scene_words(reading)
            if not (sport and phrase in _scenes().sport)
        }
        for kind, score in (("grave", _GRAVE), ("doubtful", _DOUBTFUL)):
            if words := [phrase for phrase, found_kind in found.items() if found_kind == kind]:
                return score, words[0]
        if any(map(_says_in_other_script, typed)):
            return _GRAVE, "words in another script"
        if len(found) > 1:
            return _DOUBTFUL, " and ".join(list(found)[:2])
        if any(map(_warns, typed)):
            return _DOUBTFUL, "a word of violence, nakedness, death or crime"
        texts = [_anonymous(*text) for text in zip(readings, typed, named, strict=True)]
        return self._by_meaning(texts, sport=sport, slight=bool(found))

    def _by_meaning(self, texts: Sequence[str], *, sport: bool, slight: bool) -> tuple[float, str]:
        chance = self._scenes.judge(texts)
        if sport:
            return (_DOUBTFUL if chance >= _HARM_IN_SPORT else _HARMLESS), _BY_MEANING
        if chance >= _HARM:
            return _GRAVE, _BY_MEANING
        doubtful = chance >= (_DOUBT_BESIDE_WORDS if slight else _DOUBT)
        return (_DOUBTFUL if doubtful else _HARMLESS), _BY_MEANING


class _Scenes:
    """Folded phrases: `kinds` leads from each to "grave", "doubtful" or "slight"."""

    def __init__(self, data: Mapping[str, Mapping[str, list[str]]]) -> None:
        self.kinds = {
            fold_text(phrase): kind
            for kind in ("slight", "doubtful", "grave")
            for phrases in data[kind].values()
            for phrase in phrases
        }
        self.sport = frozenset(map(fold_text, data["excused"]["sport"]))
        self.harmless = frozenset(map(fold_text, data["excused"]["harmless"]))
        self.scripts = [WordBeginnings(language, words) for language, words in data["scripts"].items()]


@cache
def _scenes() -> _Scenes:
    text = resources.files("moderation.rules.prompt").joinpath("public_figures.toml").read_text("utf-8")
    return _Scenes(tomllib.loads(text))


def without_harmless_phrases(reading: NormalizedText) -> NormalizedText:
    """The text without phrases in which a name or a word means something else, such as a spaniel named after a king."""
    text = f" {reading.text} "
    for phrase in _scenes().harmless:
        text = text.replace(f" {phrase} ", " , ")
    return reading if text == f" {reading.text} " else read(text)


def _scene_words(reading: NormalizedText) -> Iterator[tuple[str, str]]:
    kinds = _scenes().kinds
    for candidate in reading.candidates:
        if candidate.text in kinds and candidate.view not in _VAGUE:
            yield candidate.text, kinds[candidate.text]


def _says_in_other_script(typed: str) -> bool:
    return not typed.isascii() and any(words.stand_in(typed) for words in _scenes().scripts)


def _anonymous(reading: NormalizedText, typed: str, names: Mapping[str, Figure]) -> str:
    """The text about "someone": names distract the encoder."""
    if not reading.text.isascii():
        return typed[:MAX_CHARACTERS]
    text = f" {reading.text} "
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(f" {name} ", f" {SOMEONE} ")
    return text.strip()[:MAX_CHARACTERS] or typed


def _warns(text: str) -> bool:
    """Whether the text, in another language than English, has a word of violence, nakedness, death or crime."""
    warnings = warning_words(language_of(text))
    return warnings is not None and warnings.stand_in(text)
