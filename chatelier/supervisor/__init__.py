"""Runs the processes of a house on one machine, and starts again what dies."""

from chatelier.supervisor.house import House, StartFailed
from chatelier.supervisor.program import Program

__all__ = ["House", "Program", "StartFailed"]
