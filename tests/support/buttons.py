"""Buttons and reactions, carried out as the router does it, without a front end."""

from studio.commands.button_ids import Button
from studio.commands.registry import command_of_button, execute
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.ports import Ports


def execute_button(ports: Ports, call: Call, button: Button) -> Answer:
    """Raises a `ChatelierError`."""
    name, values = command_of_button(button)
    return execute(ports, call, name, values)
