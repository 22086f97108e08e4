"""What a message says, as plain lines."""

from bots.presentation.compose.answers import compose_answer
from bots.presentation.message import Message
from bots.presentation.plain_text import plain_lines
from studio.commands.results import Answer


def text_of(message: Message) -> str:
    """Without images and progress."""
    return "\n".join(plain_lines(message))


def answer_text(answer: Answer) -> str:
    """What a person reads of an answer."""
    message = compose_answer(answer)
    assert message is not None
    return text_of(message)
