"""Named persons: a name alone says little, a name beside something doubtful is worth a moderator's look.

Portraits of composers and characters of books are everyday wishes, so a name by itself scores below what the default
policy minds; an instance that wants to see them all sets the threshold of `person` to 0.3.
"""

from collections.abc import Callable, Sequence

from moderation.people.named_people import load_in_background, named_people
from moderation.policy.categories import Category
from moderation.policy.evidence_phrases import NAMED_PERSON, NAMED_PERSON_AND_DOUBT
from moderation.policy.findings import Finding
from moderation.rules.prompt.meaning import MAX_CHARACTERS, Judge
from moderation.rules.prompt.subject import PromptSubject
from moderation.text.normalization import without_weights
from studio.domain.verdicts import Ruling

_NAME_ALONE, _NAME_AND_DOUBT = 0.3, 0.7  # scores
_DOUBTFUL = 0.4  # harm, as the classifier sees it


class People:
    name = "people"

    def __init__(
        self, judge: Judge, *, find: Callable[[str], Sequence[str]] = named_people, warm: bool = True
    ) -> None:
        self._judge = judge
        self._find = find
        self._warm = warm

    def warm_up(self) -> None:
        if self._warm:
            load_in_background()

    def judge(self, subject: PromptSubject) -> Finding | None:
        texts = dict.fromkeys(
            version for text in subject.wished for version in (text, *without_weights(text))
        )
        named = [text for text in texts if self._find(text)]
        if not named:
            return None
        opinions = self._judge.judge([text[:MAX_CHARACTERS] for text in named])
        doubtful = max(opinion.harm for opinion in opinions) >= _DOUBTFUL
        return Finding(
            ruling=Ruling.REFUSE,
            rule=self.name,
            category=Category.PERSON,
            evidence=NAMED_PERSON_AND_DOUBT if doubtful else NAMED_PERSON,
            score=_NAME_AND_DOUBT if doubtful else _NAME_ALONE,
        )
