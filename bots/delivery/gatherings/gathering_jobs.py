"""Submits the jobs that gatherings want, once for many changes at a time."""

from bots.process.thread_pools import Pool, ThreadPools
from studio.commands.gatherings.painting import submit_wanted
from studio.ports import Ports


class GatheringJobs:
    """A hundred votes at once are a hundred events; the look for wanted jobs would hold up the votes themselves."""

    def __init__(self, ports: Ports, pools: ThreadPools) -> None:
        self._ports = ports
        self._pools = pools
        self._looking: set[str] = set()
        self._changed: set[str] = set()  # after the look had begun

    async def submit(self, gathering_id: str) -> None:
        """Returns at once while another call is at the same gathering, which then looks once more.

        Raises `NotFoundError` and `ServiceError`.
        """
        self._changed.add(gathering_id)
        if gathering_id in self._looking:
            return
        self._looking.add(gathering_id)
        try:
            while gathering_id in self._changed:
                self._changed.discard(gathering_id)
                await self._pools.run(Pool.COMMANDS, submit_wanted, self._ports, gathering_id)
        finally:
            self._looking.discard(gathering_id)
            self._changed.discard(gathering_id)
