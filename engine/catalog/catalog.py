"""The catalogue of models: which there are, where their weights come from and what they were made for."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.catalog.addons import ADDONS, UpscalerEntry, addon_sources, files_of, is_on_hub, locate
from engine.catalog.capabilities import Capabilities, capabilities_of, capabilities_of_sizes
from engine.catalog.checkpoint_detection import check_denoiser, check_family, check_lora
from engine.catalog.entries import (
    BUNDLED,
    ModelEntry,
    read_entries,
    read_upscaler_entries,
    write_entry,
)
from engine.catalog.model_files import DENOISERS, check, pipeline_class, weights_hash
from engine.catalog.remote_entry import RemoteEntry
from engine.catalog.sources.hub import FetchPlan, fetch, plan_fetch
from studio.domain.requests import STRUCTURES
from studio.errors import BadParameterError, ConfigurationError, ModelLoadError
from studio.parsing.name_suggestions import unknown_name

__all__ = ["ModelCatalogue", "ModelEntry", "read_entries", "write_entry"]

WITH_CONTROLNETS = ("sd", "sdxl")  # families
MODELS = Path(__file__).parents[1] / "models"


class ModelCatalogue:
    """The models of this studio by name, the first one being the default. Safe to share between threads."""

    def __init__(
        self,
        entries: Iterable[ModelEntry],
        *,
        upscalers: Mapping[str, UpscalerEntry] | None = None,
        state: Path | None = None,
    ) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self.upscalers: Mapping[str, UpscalerEntry] = upscalers or {}
        self._state = state
        if not self._entries:
            raise ConfigurationError("The catalogue of models is empty. Add one with: chatelier models add")

    @classmethod
    def load(cls, extra: Path | None = None, *, state: Path | None = None) -> "ModelCatalogue":
        """The models that come along and those of an administrator's file, which may also replace some of ours.

        `state` is a folder of this studio for pulled weights and remembered hashes. Raises `ConfigurationError`
        with every problem of the file.
        """
        entries = read_entries(MODELS / "models.toml")
        upscalers = read_upscaler_entries(MODELS / "models.toml")
        if extra is not None and extra.exists():
            entries |= read_entries(extra, base=entries)
            upscalers |= read_upscaler_entries(extra)
        return cls(entries.values(), upscalers=upscalers, state=state)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    @property
    def entries(self) -> tuple[ModelEntry, ...]:
        return tuple(self._entries.values())

    def find(self, name: str) -> ModelEntry:
        """Raises `BadParameterError` for a model that this studio does not have."""
        entry = self._entries.get(name)
        if entry is None:
            raise unknown_name("model", name, self.names)
        return entry

    def folder(self, entry: ModelEntry) -> Path:
        """Where the weights lie. Raises `ModelLoadError` when they are not on this machine; pulls nothing."""
        if entry.is_remote:
            raise ModelLoadError(f"The model {entry.name} is on a server: it has no folder here.")
        if entry.bundled:
            return MODELS / entry.source.removeprefix(BUNDLED)
        if not entry.on_hub:
            return Path(entry.source).expanduser()
        return fetch(entry, cache=self._hub, offline=True)

    def pull(self, entry: ModelEntry, *, addons: Collection[str] = ()) -> Path:
        """Fetch a hub model's weights, or what is missing of them; answers their folder.

        What else its entry names comes along; ControlNets and the IP-Adapter only where `addons` names them.
        Raises `ModelLoadError` with one sentence when the hub cannot be reached or does not have the model.
        """
        if entry.is_remote:
            raise ModelLoadError(f"The model {entry.name} is on a server: there is nothing to fetch.")
        folder = fetch(entry, cache=self._hub, offline=False) if entry.on_hub else self.folder(entry)
        if entry.prior is not None:
            self.pull(second_folder(entry))
        for source in _extras(entry):
            locate(source, hub=self._hub, offline=False)
        for source in addon_sources(entry, addons):
            locate(source, hub=self._hub, offline=False, whole=True)
        return folder

    def plans(self, entry: ModelEntry, *, addons: Collection[str] = ()) -> list[FetchPlan]:
        """What a pull would fetch from the hub: the model, its second folder, its addons. Raises `ModelLoadError`."""
        halves = [entry] + ([second_folder(entry)] if entry.prior is not None else [])
        plans = [plan_fetch(half, cache=self._hub) for half in halves if half.on_hub]
        for source, licence in addon_sources(entry, addons).items():
            if is_on_hub(source, whole=True):
                files = files_of(source)
                addon = ModelEntry(name=source, source=files.repository, family=entry.family)
                plan = plan_fetch(addon, cache=self._hub, allowed=files.allowed, ignored=files.ignored)
                plans.append(
                    replace(plan, name=source, licence=licence if licence != "unknown" else plan.licence)
                )
        return plans

    def absent_addons(self, entry: ModelEntry) -> tuple[str, ...]:
        """Those that its entry names on a hub and that are not on this machine."""
        return tuple(
            kind
            for kind in ADDONS
            if any(
                not Path(self._resolve(source, whole=True)).exists()
                for source in addon_sources(entry, [kind])
            )
        )

    def check(self, entry: ModelEntry) -> Path:
        """The folder of a model that is complete and readable; raises `ModelLoadError` naming the file that is not.

        See `check_usable` for models that may be on a server.
        """
        folder = self.folder(entry)
        check_family(entry.name, entry.family, folder)
        denoiser = self.resolve_extras(entry).denoiser
        if denoiser is None:
            check(folder)
        else:
            check(folder, without=DENOISERS)
            check_denoiser(Path(denoiser))
        return folder

    def check_usable(self, entry: ModelEntry) -> None:
        """Raises `ModelLoadError` for a model that is not complete here, or on a server whose key is missing."""
        if entry.is_remote:
            (entry.remote or RemoteEntry()).key()
        else:
            self.check(entry)

    def capabilities(self, entry: ModelEntry) -> Capabilities:
        """What the model does with pictures beside its words: by its folder, else as far as the entry says."""
        if entry.is_remote:
            return capabilities_of_sizes(
                (entry.remote or RemoteEntry()).pixel_sizes(),
                edits_by_words=entry.edits_by_words,
                takes_references=entry.takes_references,
            )
        try:
            return capabilities_of(pipeline_class(self.folder(entry)))
        except ModelLoadError:
            return Capabilities(edits_by_words=entry.edits_by_words, takes_references=entry.takes_references)

    def has_ip_adapter(self, entry: ModelEntry) -> bool:
        """Whether the IP-Adapter of the entry is on this machine."""
        adapter = self.resolve_extras(entry).ip_adapter
        if adapter is None:
            return False
        return all(Path(source).expanduser().exists() for source in (adapter.source, adapter.encoder))

    def structures(self, entry: ModelEntry) -> tuple[str, ...]:
        """The kinds of structure for which a ControlNet of the entry is on this machine."""
        if entry.family not in WITH_CONTROLNETS:
            return ()
        here = self.resolve_extras(entry).controlnets
        return tuple(kind for kind in STRUCTURES if kind in here and Path(here[kind].source).is_dir())

    def resolve_extras(self, entry: ModelEntry) -> ModelEntry:
        """The entry with its extras as paths of this machine; what is not here keeps its name, and fails when used."""
        loras = {name: replace(lora, source=self._resolve(lora.source)) for name, lora in entry.loras.items()}
        embeddings = {
            word: replace(embedding, source=self._resolve(embedding.source))
            for word, embedding in entry.embeddings.items()
        }
        controlnets = {
            kind: replace(one, source=self._resolve(one.source, whole=True))
            for kind, one in entry.controlnets.items()
        }
        seen = entry.ip_adapter
        if seen is not None:
            seen = replace(seen, source=self._resolve(seen.source), encoder=self._resolve(seen.encoder))
        denoiser = self._resolve(entry.denoiser) if entry.denoiser is not None else None
        prior = str(self.folder(second_folder(entry))) if entry.prior is not None else None
        return replace(
            entry,
            loras=loras,
            embeddings=embeddings,
            ip_adapter=seen,
            prior=prior,
            controlnets=controlnets,
            denoiser=denoiser,
        )

    def upscaler(self, name: str, *, offline: bool = True) -> str:
        """Where the weights of an upscaler lie: a path, or the name of bundled ones; fetched unless `offline`.

        Raises `BadParameterError` for one that this studio does not have, `ModelLoadError` when it is not on this
        machine.
        """
        entry = self.upscalers.get(name)
        if entry is None:
            if not self.upscalers:
                raise BadParameterError("upscaler", "unknown_upscaler_of_none", name=name[:40])
            raise BadParameterError("upscaler", "unknown_name", name=name[:40], known=tuple(self.upscalers))
        if entry.source.startswith(BUNDLED):
            return entry.source.removeprefix(BUNDLED)
        return str(locate(entry.source, hub=self._hub, offline=offline))

    def extras_problems(self, entry: ModelEntry) -> list[str]:
        """What is wrong with the LoRAs and the IP-Adapter of a model, one sentence each."""
        settled = self.resolve_extras(entry)
        loras = [lora.source for lora in settled.loras.values()]
        others = [source for source in _extras(settled) if source not in loras]
        if settled.ip_adapter is not None:
            others += [settled.ip_adapter.source, settled.ip_adapter.encoder]
        optional = {source for source in addon_sources(entry, ADDONS) if is_on_hub(source, whole=True)}
        problems = [
            f"{Path(source).name} is not on this machine."
            for source in others
            if source not in optional and not Path(source).exists()
        ]
        if entry.controlnets and entry.family not in WITH_CONTROLNETS:
            problems.append(f"ControlNets work with models of the families {', '.join(WITH_CONTROLNETS)}.")
        problems += [
            f"The ControlNet for {kind}, {controlnet.source}, is not on this machine."
            for kind, controlnet in settled.controlnets.items()
            if controlnet.source not in optional and not Path(controlnet.source).is_dir()
        ]
        for source in loras:
            try:
                check_lora(Path(source))
            except ModelLoadError as error:
                problems.append(str(error))
        return problems

    def _resolve(self, source: str, *, whole: bool = False) -> str:
        try:
            return str(locate(source, hub=self._hub, whole=whole))
        except ModelLoadError:
            return source

    @property
    def _hub(self) -> Path | None:
        return self._state / "hub" if self._state else None

    def hash(self, entry: ModelEntry) -> str:
        """SHA-256 over the model's weight files, in hex; remembered while their sizes and times stay the same.

        Of a model on a server, whose weights nobody here knows, over its address and name.
        """
        if entry.is_remote:
            name = (entry.remote or RemoteEntry()).model
            return hashlib.sha256(f"{entry.source} {name}".encode()).hexdigest()
        memory = self._state / "model-hashes.json" if self._state else None
        found = weights_hash(self.folder(entry), memory=memory)
        denoiser = self.resolve_extras(entry).denoiser
        if denoiser is None:
            return found
        file = Path(denoiser)
        own = weights_hash(file.parent, memory=memory, files=[file])
        return hashlib.sha256(f"{found} {own}".encode()).hexdigest()


def second_folder(entry: ModelEntry) -> ModelEntry:
    """The entry of a model's other half."""
    return replace(
        entry,
        source=entry.prior or "",
        prior=None,
        revision=None,
        loras={},
        embeddings={},
        ip_adapter=None,
        controlnets={},
        denoiser=None,
    )


def _extras(entry: ModelEntry) -> list[str]:
    sources = [lora.source for lora in entry.loras.values()]
    sources += [embedding.source for embedding in entry.embeddings.values()]
    sources += [entry.denoiser] if entry.denoiser is not None else []
    return sources
