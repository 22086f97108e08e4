"""What is left open in a request: the person's own settings, then their community's, then the instance's."""

from dataclasses import replace

from studio.commands.spec import Call
from studio.commands.submission.known_names import is_model
from studio.db.settings import community_rules, preferences_of
from studio.domain.settings.preferences import Preferences
from studio.ports import Ports


def usual_count(ports: Ports, call: Call) -> int:
    """How many pictures, where nothing else was said."""
    most = ports.gate.allowance(call.person).max_pictures
    with ports.database.read() as session:
        wished = preferences_of(session, call.person.key).count
    return min(wished or most, most)


def own_defaults(ports: Ports, call: Call) -> tuple[Preferences, str | None]:
    """The person's settings, and the model where none was named.

    In a channel with models of its own it is one of them. A default whose model or style is gone by now counts as none.
    """
    with ports.database.read() as session:
        chosen = preferences_of(session, call.person.key)
        rules = community_rules(session, call.person.platform, call.person.community)
    here = rules.in_place(call.address).models
    wanted = (chosen.model, rules.model) if not here else (*_within(here, chosen.model, rules.model), here[0])
    models = (name for name in wanted if is_model(ports, name))
    if chosen.style not in (None, *ports.options.styles()):
        chosen = replace(chosen, style=None)
    return chosen, next(models, None)


def _within(allowed: tuple[str, ...], *wished: str | None) -> tuple[str, ...]:
    return tuple(name for name in wished if name in allowed)
