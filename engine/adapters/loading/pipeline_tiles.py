"""The first stage of a whole pipeline in tiles, after it ran out of memory, for as long as that is worth it."""

from typing import Any

from engine.adapters.acceleration.vae_memory import tile_settings
from engine.adapters.loading.pipeline_optimization import FIRST_STAGES, networks_of
from engine.batching.device.device_profile import DeviceProfile

_IN_TILES = 0


class PipelineTiles:
    """For one model. What fits is remembered by size, (width, height) in pixels, and tried again after a pause; see
    `DeviceProfile`."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._networks: list[Any] = []
        self._whole: dict[int, dict[str, Any]] = {}

    def prepare(self, pipeline: Any, size: tuple[int, int], profile: DeviceProfile) -> None:
        """Before a call: in tiles, or whole again."""
        parts = networks_of(pipeline).items()
        self._networks = [network for name, network in parts if name in FIRST_STAGES]
        if profile.rows(self._kind(size)) == _IN_TILES:
            self._set_tiles()
        else:
            self._set_whole()

    def turn_on(self, size: tuple[int, int], profile: DeviceProfile) -> bool:
        """After a call ran out of memory; False where it had tiles already, or cannot have any."""
        if not self._set_tiles():
            return False
        profile.record_out_of_memory(self._kind(size), 1, least=_IN_TILES)
        return True

    def record_fit(self, size: tuple[int, int], profile: DeviceProfile) -> None:
        """After a call for at least one picture."""
        if not self._whole:
            profile.record_fit(self._kind(size), 1)

    def _kind(self, size: tuple[int, int]) -> str:
        return f"{self._model}/decode/{size[1]}x{size[0]}"

    def _set_tiles(self) -> bool:
        changed = False
        for network in self._networks:
            if getattr(network, "use_tiling", True) is False:
                tiles = tile_settings(network)
                self._whole[id(network)] = {name: getattr(network, name) for name in tiles}
                _set(network, tiles)
                changed = True
        return changed

    def _set_whole(self) -> None:
        for network in self._networks:
            _set(network, self._whole.pop(id(network), {}))


def _set(network: Any, settings: dict[str, Any]) -> None:
    for name, value in settings.items():
        setattr(network, name, value)
