"""A language chooses its plural form by the number: English has two forms, and others have one or three."""

from gettext import NullTranslations

import pytest

from bots.presentation.message import PersonName
from bots.presentation.spans import plain_text, sentence_plural
from bots.texts import answers, translation
from studio.domain.people import Person, Platform

ANA = Person(platform=Platform.WEB, community="room", user_id="ana", display_name="Ana")


class ThreeForms(NullTranslations):
    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        form = "one" if n == 1 else "few" if n < 5 else "many"
        return f"{form}: {msgid2}"


@pytest.mark.parametrize(("amount", "form"), [(1, "one"), (3, "few"), (5, "many")])
def test_sentences_with_people_in_them_have_the_forms_of_the_language(
    amount: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "load_catalogue", lambda _language: ThreeForms())
    spans = sentence_plural(
        answers.GIVEN, answers.GIVEN_SEVERAL, amount, person=PersonName(ANA), amount=amount
    )
    assert plain_text(spans) == f"{form}: @Ana received {amount} credits from you."
