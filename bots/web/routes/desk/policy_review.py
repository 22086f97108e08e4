"""What a filled policy form would change, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from bots.presentation.compose.errors import compose_error
from bots.texts.translation import translate
from bots.web import texts
from bots.web.routes.desk.policy_fields import PolicyField, policy_fields, values_of
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.settings import community_rules
from studio.domain.people import Person
from studio.domain.settings.policy_overrides import LANGUAGES, change_policy
from studio.errors import BadParameterError
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReview:
    """By the names of fields. `seen` is what holds now; `problems` stand beside their fields.

    `entries` are what ``/community policy`` is to be given, `changes` the same in sentences.
    """

    values: Mapping[str, str]
    seen: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The entries as the command takes them; also tells whether they were shown."""
        return ", ".join(self.entries)


def read_policy(ports: Ports, person: Person, fields: Mapping[str, PolicyField]) -> PolicyReview:
    with ports.database.read() as session:
        seen = values_of(community_rules(session, person.platform, person.community), fields)
    return PolicyReview(values=seen, seen=seen)


def review_policy(ports: Ports, call: Call, sent: Mapping[str, str], seen: Mapping[str, str]) -> PolicyReview:
    """`sent` are the fields of the form, `seen` the values with which it was shown.

    What the moderator left alone stays as it is now. What another moderator changed meanwhile is a problem once.
    """
    person = call.person
    fields = policy_fields(ports.desk.describe_policy(person))
    sent = {name: field_.read(sent.get(name, "")) for name, field_ in fields.items()}
    now = read_policy(ports, person, fields).seen
    touched = [name for name in fields if sent[name] != seen.get(name, now[name])]
    values = {**now, **{name: sent[name] for name in touched}}
    changed = [name for name in touched if values[name] != now[name]]
    problems: dict[str, str] = {}
    for name in changed:
        entry = fields[name].write_entry(values[name])
        if now[name] != seen.get(name, now[name]):
            shown = fields[name].show(now[name])
            problems[name] = translate(texts.POLICY_CHANGED_MEANWHILE, value=shown)
        elif name == LANGUAGES and not values[name]:
            problems[name] = translate(texts.NO_LANGUAGE)
        else:
            try:
                ports.desk.try_rules(person, partial(change_policy, value=entry))
            except BadParameterError as error:
                problems[name] = compose_error(error).summary
    return PolicyReview(
        values=values,
        seen=now,
        problems=problems,
        entries=tuple(fields[name].write_entry(values[name]) for name in changed),
        changes=tuple(_sentence(fields[name], now[name], values[name]) for name in changed),
    )


def save_policy(ports: Ports, call: Call, review: PolicyReview) -> PolicyReview | None:
    """None: everything was saved."""
    try:
        execute(ports, call, "community", {"setting": "policy", "value": review.key})
    except BadParameterError as error:
        return replace(review, problems={"": compose_error(error).summary})
    return None


def _sentence(field_: PolicyField, before: str, after: str) -> str:
    return translate(
        texts.POLICY_CHANGE, name=field_.label, before=field_.show(before), after=field_.show(after)
    )
