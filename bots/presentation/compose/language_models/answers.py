"""Answers that a language model wrote."""

from bots.presentation.compose.language_models.picture_description import compose_description
from bots.presentation.compose.language_models.proposed_prompts import compose_proposal
from bots.presentation.message import Message
from studio.domain.pictures import PictureDescribed
from studio.domain.prompts.proposal import PromptsProposed


def compose_model_answer(answer: PromptsProposed | PictureDescribed) -> Message:
    if isinstance(answer, PictureDescribed):
        return compose_description(answer)
    return compose_proposal(answer.proposal)
