"""Runs the processes of an installation on one machine, and starts again what dies."""

from chatelier.supervisor.program import Program
from chatelier.supervisor.supervisor import ProcessStartError, Supervisor

__all__ = ["ProcessStartError", "Program", "Supervisor"]
