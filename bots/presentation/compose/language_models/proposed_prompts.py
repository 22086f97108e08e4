"""Prompts that a language model proposed, with a button to paint each."""

from bots.presentation.compose.parts.buttons import button
from bots.presentation.message import Audience, Bold, ButtonRow, Message, Paragraph, Small, Title
from bots.texts import answers as texts
from bots.texts.translation import translate
from studio.commands.button_ids import Action
from studio.domain.prompts.proposal import Proposal


def compose_proposal(proposal: Proposal) -> Message:
    prompts, alone = proposal.prompts, len(proposal.prompts) == 1
    title = translate(texts.PROMPT_REWRITTEN if alone else texts.PROMPTS_SUGGESTED)
    return Message(
        parts=(
            Title(title),
            *(
                Paragraph((f"“{prompt}”",) if alone else (Bold(f"{number}."), " ", prompt))
                for number, prompt in enumerate(prompts, start=1)
            ),
            Small((f"{translate(texts.PROMPTS_CHOOSE)} {translate(texts.PROMPTS_HELPED)}",)),
        ),
        rows=(
            ButtonRow(
                buttons=tuple(
                    button(Action.PROPOSED, proposal.id, number, single=alone)
                    for number in range(1, len(prompts) + 1)
                )
            ),
        ),
        audience=Audience.PERSON,
        summary=title,
    )
