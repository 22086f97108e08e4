"""Words below a picture, in a reply or in its thread: what they ask for."""

from bots.presentation.interaction_router import Run
from bots.presentation.prompt_flags import spread_flags
from bots.presentation.subject_lookup import load_subject
from studio.commands.spec import Call
from studio.commands.submission.known_names import names_of_word_editors
from studio.domain.identifiers import split_picture_id
from studio.errors import BadParameterError
from studio.ports import Ports


def read_words_below(ports: Ports, picture: str, words: str, call: Call) -> Run:
    """A model that can changes the picture as the words say. Of another model's picture a prompt helper changes the
    prompt; without one the words are the new prompt.

    A picture may be named first. A region edits, and so does a named model that edits by words; another model, and
    flags that only /imagine has, ask for a new picture. Raises `NotFoundError`, and `BadParameterError` for a flag of
    neither.
    """
    first, _, rest = words.partition(" ")
    if rest and split_picture_id(first):
        picture, words = first, rest
    try:
        values = spread_flags("edit", {"picture": picture, "prompt": words})
    except BadParameterError:
        return _imagine(words)
    if "region" in values:
        return Run(command="edit", values=values, public=True)
    if "model" in values:
        edits = values["model"] in names_of_word_editors(ports)
        return Run(command="edit", values=values, public=True) if edits else _imagine(words)
    subject = load_subject(ports, picture, call.person, channel=call.address.channel)
    if subject.edits_by_words:
        return Run(command="edit", values=values, public=True)
    if ports.prompt_helper is not None:
        return Run(command="rewrite", values=values | {"otherwise": True}, public=True)
    return Run(command="remix", values=values, public=True)


def _imagine(words: str) -> Run:
    return Run(command="imagine", values=spread_flags("imagine", {"prompt": words}), public=True)
