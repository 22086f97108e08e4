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
_TENS = "一二三四五六七八九十물른흔쉰순든열"  # before a number that is more than it by itself
_Context = tuple[WordBeginnings, re.Pattern[str], WordBeginnings]  # minors, their ages, and nakedness or sex


class MinorsInOtherLanguages:
    name = "minors"

    def judge(self, subject: PromptSubject) -> Finding | None:
        """The two words may stand in different texts of the request."""
        foreign_texts = [text for text in subject.wished if _is_foreign(text)]
        texts = [text for typed in foreign_texts for text in dict.fromkeys((typed, in_own_script(typed)[0]))]
        for minors, ages, sexual in _contexts().values():
            if any(map(sexual.stand_in, texts)) and any(
                minors.stand_in(text) or ages.search(f"{plain(text)} ") for text in texts
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
            _ages(language, lists["numbers"], lists["years"]),
            WordBeginnings(language, lists["sexual"]),
        )
        for language, lists in read_table("minors_languages.toml").items()
    }


def _ages(language: str, numbers: Sequence[str], years: Sequence[str]) -> re.Pattern[str]:
    """Of people below 18, in text that is `plain`: "12 ans", "12-jährige", "douze ans"."""
    written = "|".join(re.escape(plain(number)) for number in sorted(numbers, key=len, reverse=True))
    units = "|".join(
        re.escape(plain(unit.rstrip())) + (r"\b" if unit.endswith(" ") else "") for unit in years
    )
    before = rf"(?<![{_TENS}])" if language in UNSPACED else r"(?<!\w)"
    return re.compile(rf"(?:(?<![\d.,])(?:[1-9]|1[0-7])|{before}(?:{written}))[ -]?(?:{units})")
