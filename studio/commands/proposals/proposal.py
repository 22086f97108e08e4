"""/proposal: paint one of the prompts that were proposed."""

from dataclasses import dataclass, replace

from studio.commands.generation.imagine import Imagine, imagine
from studio.commands.generation.remix import Remix, remix
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.prompt_help.proposed_prompts import IMAGINE
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.db.identities.linked_identities import same_human
from studio.db.prompts.proposals import find_proposal
from studio.domain.prompts.proposal import MOST_SUGGESTED, PromptsProposed, Proposal
from studio.errors import NotAllowedError, NotFoundError
from studio.ports import Ports
from studio.serialization import from_data


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintProposal:
    proposal: str
    number: int = 1


def paint_proposal(ports: Ports, call: Call, command: PaintProposal) -> Accepted | PromptsProposed:
    """Judged, priced and limited once more, as if it had been typed.

    Raises `NotFoundError`, `NotAllowedError` for somebody else's, and what its command raises.
    """
    proposal = find_own_proposal(ports, call, command.proposal)
    if command.number > len(proposal.prompts):
        raise NotFoundError("proposal")
    prompt, data = proposal.prompts[command.number - 1], proposal.data["command"]
    if proposal.command == IMAGINE:
        return imagine(ports, call, replace(from_data(Imagine, data), prompt=prompt))
    return remix(ports, call, replace(from_data(Remix, data), prompt=prompt))


def find_own_proposal(ports: Ports, call: Call, proposal_id: str) -> Proposal:
    """Raises `NotFoundError` and `NotAllowedError`."""
    with ports.database.read() as session:
        proposal = find_proposal(session, proposal_id)
        if not same_human(session, proposal.person_key, call.person.key):
            raise NotAllowedError
    return proposal


SPEC = CommandSpec(
    name="proposal",
    summary="Paint one of the prompts that were proposed to you.",
    example="/proposal k3v9m2p4qx7a 2",
    build=PaintProposal,
    handle=paint_proposal,
    parameters=(
        Parameter(
            name="proposal",
            kind=Kind.TEXT,
            summary="The id of the proposal.",
            required=True,
            positional=True,
            max_length=12,
        ),
        Parameter(
            name="number",
            kind=Kind.INTEGER,
            summary="Which of its prompts.",
            positional=True,
            minimum=1,
            maximum=MOST_SUGGESTED,
        ),
    ),
)
