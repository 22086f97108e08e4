"""Whether alternative texts say that AI generated a picture: one setting of the installation for a whole process."""

from dataclasses import dataclass

from bots.texts.translation import translate

AI_GENERATED = "AI-generated: {description}"


@dataclass(slots=True)
class _Labelling:
    on: bool = False


_labelling = _Labelling()


def label_alt_texts(on: bool) -> None:
    """For all alternative texts of generated pictures that this process writes from now on."""
    _labelling.on = on


def with_ai_label(description: str) -> str:
    """The alternative text of a generated picture."""
    return translate(AI_GENERATED, description=description) if _labelling.on else description
