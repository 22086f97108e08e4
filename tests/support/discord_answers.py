"""Requests to a simulated Discord, expired tokens and forgotten messages."""

from datetime import timedelta

from studio.clock import now
from studio.db.tables import DeliveryRow, JobRow
from studio.ports import Ports
from tests.support import discord_sim
from tests.support.discord_sim import Room

room = discord_sim.room


def expire_tokens(ports: Ports) -> None:
    with ports.database.begin() as session:
        for row in session.query(JobRow):
            row.address = {**row.address, "token_expires_at": (now() - timedelta(minutes=1)).isoformat()}


def delivery(room: Room, job_id: str) -> DeliveryRow:
    with room.ports.database.read() as session:
        return session.get_one(DeliveryRow, ("job", job_id))


def requests(room: Room, method: str) -> list[str]:
    return [entry.path for entry in room.env.http_requests if entry.method == method]
