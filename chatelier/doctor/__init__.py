"""Looks over a studio from outside: settings, services, models, permissions, room on the disk."""

from chatelier.doctor.examination import examine
from chatelier.doctor.findings import Finding, Health

__all__ = ["Finding", "Health", "examine"]
