"""Looks over a studio from outside: settings, services, models, permissions, room on the disk."""

from chatelier.doctor.findings import Finding, Health
from chatelier.doctor.runner import examine

__all__ = ["Finding", "Health", "examine"]
