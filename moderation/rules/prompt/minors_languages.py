"""The core rule in the languages beside English: words for a minor or an age, and for nakedness or sex, in one of them.

The lists are short and every word has other uses, so a moderator decides.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import MINOR_AND_SEX
from moderation.policy.findings import Finding
from moderation.rules.prompt.meaning import in_own_script
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.joined_words import is_word
from moderation.text.language_id import foreign
from moderation.text.word_beginnings import UNSPACED, WordBeginnings, plain, read_table
from moderation.text.word_segmentation import WORD
from studio.domain.verdicts import Ruling

_ENGLISH = frozenset({"en"})
_FEW_WORDS, _SEVERAL = 4, 8  # too few to tell a language by
_DIGITS = r"(?<![\d.,])(?:(?:[1-9]|1[0-7]) ?[-–/] ?)?(?<!\d)(?:[1-9]|1[0-7])(?!\d)"  # "12", "10-12"
_JOINERS = "und|et|y|e|i|и|en|و"  # between the words of a number
_NOTHING = r"(?!)"
_END = {False: r"\w*", True: r"\b"}  # of a beginning, of a whole word


class _Ages:
    """Phrases of one language that name an age below 18, the whole number of it. `lists` is its table.

    The last word of a larger number ("treinta y cinco años") and a time that passed ("il y a dix ans") are none.
    """

    def __init__(self, language: str, lists: Mapping[str, Sequence[str]]) -> None:
        spaced = language not in UNSPACED
        start = r"(?<!\w)" if spaced else ""
        larger, spans = _any_of(lists["larger"]), _any_of(lists["spans"])
        number = rf"(?P<number>{_DIGITS}|{start}{_any_of(lists['numbers'])})"
        between = rf"(?: (?!(?:{larger}|{spans})\b)\w+)?[ ,(]+"
        people = "|".join(f"{re.escape(word.rstrip())}{_END[word.endswith(' ')]}" for word in lists["people"])
        person = rf"{start}(?:{people or _NOTHING}){between}"
        self._ages = [
            re.compile(plain(age).replace("{n}", number).replace("{p}", person)) for age in lists["ages"]
        ]
        joiner = rf"[ -]*(?:(?:{_JOINERS})[ -]+)?" if spaced else " ?"
        self._larger = re.compile(rf"{start}{larger}{joiner}\Z")
        self._since = re.compile(rf"{start}{spans} *\Z")
        self._ago = re.compile(rf"\W*{spans}" + (r"\w*" if spaced else ""))

    def stand_in(self, text: str) -> bool:
        words = f"{plain(text)} "
        return any(self._is_age(words, found) for age in self._ages for found in age.finditer(words))

    def _is_age(self, text: str, found: re.Match[str]) -> bool:
        before = text[: found.start("number")]
        return not (
            self._larger.search(before) or self._since.search(before) or self._ago.match(text, found.end())
        )


_Context = tuple[WordBeginnings, _Ages, WordBeginnings]  # minors, their ages, and nakedness or sex


class MinorsInOtherLanguages:
    name = "minors"

    def judge(self, subject: PromptSubject) -> Finding | None:
        """The two words may stand in different texts of the request."""
        foreign_texts = [text for text in subject.wished if _is_foreign(text)]
        texts = [text for typed in foreign_texts for text in dict.fromkeys((typed, in_own_script(typed)[0]))]
        for minors, ages, sexual in _contexts().values():
            if any(map(sexual.stand_in, texts)) and any(
                minors.stand_in(text) or ages.stand_in(text) for text in texts
            ):
                return Finding(
                    ruling=Ruling.HOLD,
                    rule=self.name,
                    category=Category.MINORS,
                    evidence=MINOR_AND_SEX,
                )
        return None


def _is_foreign(text: str) -> bool:
    """Surely another language, or too short to tell with a word that is not English."""
    if foreign(text, _ENGLISH) is not None:
        return True
    words = WORD.findall(text.lower())
    strange = sum(not is_word(word) for word in words)
    return strange > 0 and (len(words) < _FEW_WORDS or (len(words) < _SEVERAL and 2 * strange >= len(words)))


@cache
def _contexts() -> Mapping[str, _Context]:
    return {
        language: (
            WordBeginnings(language, lists["minor"]),
            _Ages(language, lists),
            WordBeginnings(language, lists["sexual"]),
        )
        for language, lists in read_table("minors_languages.toml").items()
    }


def _any_of(words: Sequence[str]) -> str:
    """A pattern for one of them, the longest that fits first."""
    longest_first = sorted(map(plain, words), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first)) or _NOTHING})"
