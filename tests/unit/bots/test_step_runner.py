"""What carries out the steps of the chats."""

from bots.interactions.step_runner import StepRunner
from bots.process.thread_pools import ThreadPools
from studio.commands.parameter_values import Kind
from studio.commands.registry import find_command
from studio.commands.spec import Call
from studio.db.sessions.read_memo import remember_reads
from studio.db.settings import community_rules
from studio.ports import Ports
from tests.support.chat import Chat
from tests.support.chat_frontend import FrontEnd


async def test_what_was_read_before_a_file_is_fetched_is_read_anew(ports: Ports, call: Call) -> None:
    """Also before one that is only looked at, of which nothing is stored."""
    pools = ThreadPools("test")
    runner = StepRunner(ports, pools, FrontEnd(ports, Chat(), pools).delivery)

    def is_paused() -> bool:
        with ports.database.read() as session:
            return community_rules(session, *call.person.home).paused

    async def fetch() -> bytes:
        """Meanwhile another process pauses the community."""
        with ports.database.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO communities (platform, community, data, changed_by, changed_at)"
                " VALUES (?, ?, ?, 'x', '2026-01-01 00:00:00')",
                (*map(str, call.person.home), '{"paused": true}'),
            )
        return b"a picture"

    file = find_command("whose").parameter("image")
    assert file is not None
    assert file.kind is Kind.FILE
    with remember_reads():
        assert not is_paused()
        await runner.receive(file, fetch, call)
        assert is_paused()
    pools.close()
