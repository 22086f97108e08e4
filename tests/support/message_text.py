"""What a message says, as plain lines."""

from bots.presentation.compose.answers import compose_answer
from bots.presentation.message import Facts, Images, Message, Preformatted, Progress, Title
from bots.presentation.spans import plain_text
from studio.commands.results import Answer


def text_of(message: Message) -> str:
    """Without images and progress."""
    found = []
    for part in message.parts:
        match part:
            case Title(text=text) | Preformatted(text=text):
                found.append(text)
            case Facts(facts=facts):
                found += [f"{label}: {plain_text(spans)}" for label, spans in facts]
            case Images() | Progress():
                pass
            case _:
                found.append(plain_text(part.spans))
    return "\n".join(found)


def answer_text(answer: Answer) -> str:
    """What a person reads of an answer."""
    message = compose_answer(answer)
    assert message is not None
    return text_of(message)
