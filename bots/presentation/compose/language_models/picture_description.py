"""What a model saw in a picture."""

from bots.presentation.compose.parts.buttons import button
from bots.presentation.message import Audience, ButtonRow, Message, Paragraph, Small
from bots.texts import answers as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.domain.identifiers import split_picture_id
from studio.domain.pictures import PictureDescribed


def compose_description(answer: PictureDescribed) -> Message:
    """Its owner finds it in the form for the alternative text."""
    job_id, index = split_picture_id(answer.picture_id) or ("", 0)
    alt_text = (ButtonRow(buttons=(button(Action.ALT, job_id, index, single=True),)),) if answer.own else ()
    return Message(
        parts=(Paragraph((f"“{answer.text}”",)), Small((translate(texts.DESCRIBED),))),
        rows=alt_text,
        audience=Audience.PERSON,
        summary=answer.text,
    )
