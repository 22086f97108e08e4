"""What an open modal is about. Slack keeps it with the view and hands it back; nobody else can change it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bots.presentation.interaction_router import FormId, parse_form_id
from bots.slack.render_form import PREFIX
from studio.domain.identifiers import picture_id
from studio.domain.requests import Source
from studio.serialization import from_data, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """Where to answer, and somebody's image that the form is about."""

    channel: str | None = None
    thread: str | None = None
    image: Source | None = None

    @property
    def metadata(self) -> str:
        return to_json(self)


def read_form(view: Mapping[str, Any]) -> tuple[FormId, FormState]:
    """Raises ValueError for a view that is not ours."""
    callback_id = str(view.get("callback_id", ""))
    data = json.loads(str(view.get("private_metadata", "")))
    if form := parse_form_id(callback_id):
        return form, from_data(FormState, data)
    return _of_earlier_version(callback_id.removeprefix(PREFIX), data)


def _of_earlier_version(command: str, data: Mapping[str, Any]) -> tuple[FormId, FormState]:
    """Its views named the command alone, and all else in the metadata. Raises ValueError."""
    job, indices = data.get("job") or "", tuple(data.get("indices") or ())
    about = picture_id(job, indices[0]) if job and len(indices) == 1 else job
    form = parse_form_id(f"{PREFIX}{data.get('action') if command == 'pick' else command}:{about}")
    if form is None:
        raise ValueError("not a form of this app")
    state = {name: data.get(name) for name in ("channel", "thread", "image")}
    return form, from_data(FormState, state)
