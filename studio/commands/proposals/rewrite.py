"""/rewrite: a picture's prompt, changed as a person says, shown before it is painted."""

from dataclasses import dataclass, replace

from studio.coded_text import coded
from studio.commands.generation.remix import Remix, remix, request_of
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.parameters import COUNT, PICTURE, PROMPT, SEED
from studio.commands.prompt_help.proposed_prompts import rewrite_prompt
from studio.commands.results import Accepted
from studio.commands.spec import Call, CommandSpec
from studio.commands.submission.prompt_hints import send_hints
from studio.db import queries
from studio.domain.prompts.proposal import PromptsProposed
from studio.errors import BadParameterError, HelperUnavailableError
from studio.ports import Ports
from studio.serialization import to_data


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    picture: str
    prompt: str
    count: int | None = None
    seed: int | None = None
    otherwise: bool = False

    @property
    def remix(self) -> Remix:
        """With the words of the change as the prompt."""
        return Remix(prompt=self.prompt, picture=self.picture, count=self.count, seed=self.seed)


def rewrite(ports: Ports, call: Call, command: Rewrite) -> PromptsProposed | Accepted:
    """With `otherwise`, words that cannot be worked into the prompt are painted as they are.

    Raises `BadRequestError` without a helper, `HelperUnavailableError`, and what /remix raises.
    """
    with ports.database.read() as session:
        old = queries.find_picture(session, command.picture, viewer=call.person).recipe.prompt
    if not old and not command.otherwise:
        raise BadParameterError("picture", "no_words")
    request = request_of(ports, call, command.remix)
    try:
        if not old:
            raise HelperUnavailableError
        waiting = to_data(replace(command.remix, prompt=""))
        return rewrite_prompt(ports, call, request, prompt=old, waiting=waiting)
    except HelperUnavailableError:
        if not command.otherwise:
            raise
    send_hints(ports, call, [coded("hint.words_as_they_are")])
    return remix(ports, call, command.remix)


SPEC = CommandSpec(
    name="rewrite",
    summary="Say what to change about a picture; its new prompt is shown before it is painted.",
    example="/rewrite k3v9m2p4qx7a.2 make it darker",
    build=Rewrite,
    handle=rewrite,
    parameters=(
        replace(PICTURE, required=True),
        replace(PROMPT, summary="What to change, such as: make it darker."),
        COUNT,
        SEED,
        Parameter(
            name="otherwise",
            kind=Kind.SWITCH,
            summary="Paint the words as they are if nothing can be proposed.",
        ),
    ),
    paints=False,
    rationed=True,
)
