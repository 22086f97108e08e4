"""A picture below a link to it that somebody posted in a chat."""

from bots.presentation.compose.parts.heading import heading_of
from bots.presentation.compose.parts.pictures import picture_image, title_of
from bots.presentation.message import Images, Message, Small, Title
from bots.queries.linked_picture import LinkedPicture


def compose_linked_picture(linked: LinkedPicture) -> Message:
    """For everybody who reads the chat: without buttons, which belong to the message of the job."""
    picture = linked.picture
    return Message(
        parts=(
            Images(images=(picture_image(picture),)),
            Title(title_of(picture.recipe.prompt)),
            Small(heading_of(linked.job_view).line),
        )
    )
