"""The models and what they run on, and the list of words."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from bots.texts.translation import translate
from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.runtime.c_compiler import CompilerProblem, find_compiler_problem
from chatelier.settings import Loaded
from chatelier.wiring.model_catalogue import model_catalogue
from chatelier.wiring.workers import served_models, speed_of
from engine.adapters.remote.probe import probe
from engine.batching.device.compilation_record import RECORD_NAME, CompilationRecord
from engine.catalog.entries import ModelEntry
from engine.performance_settings import Quantise, TextEncoders
from studio.errors import ConfigurationError, ModelLoadError

_PROBE_SECONDS = 5.0
_IN_8_BITS = (Quantise.INT8, Quantise.FP8, TextEncoders.INT8, TextEncoders.FP8)
_REMOTE_FIX = "Start the server, or correct its entry in models.toml."


def models(loaded: Loaded) -> Iterator[Finding]:
    """The default model must be whole; of the others only those that are here are looked at."""
    catalogue = model_catalogue(loaded.settings)
    default, *others = catalogue.entries
    try:
        if default.is_remote:
            yield good(
                "model",
                "{name}: {answer}",
                name=default.name,
                answer=probe(default, timeout_seconds=_PROBE_SECONDS),
            )
        else:
            yield good("model", "{name} is whole ({form})", name=default.name, form=catalogue.check(default))
    except ModelLoadError as error:
        yield bad(
            "model",
            "{fault}",
            "chatelier models pull {name}"
            if default.on_hub
            else _REMOTE_FIX
            if default.is_remote
            else "Put the file back, or choose another model.",
            fault=error,
            name=default.name,
        )
    for entry in others:
        if entry.is_remote:
            yield _remote(entry)
            continue
        try:
            folder = catalogue.folder(entry)
        except ModelLoadError:
            continue  # not fetched, and nobody needs it until it is asked for
        try:
            catalogue.check(entry)
        except ModelLoadError as error:
            yield note(
                "model",
                "{fault}",
                "chatelier models pull {name}" if entry.on_hub else "Mend {folder}.",
                fault=error,
                name=entry.name,
                folder=folder,
            )


def _remote(entry: ModelEntry) -> Finding:
    try:
        return good(
            "model", "{name}: {answer}", name=entry.name, answer=probe(entry, timeout_seconds=_PROBE_SECONDS)
        )
    except ModelLoadError as error:
        return note("model", "{fault}", _REMOTE_FIX, fault=error)


def accelerator(loaded: Loaded) -> Iterator[Finding]:
    """Which build of torch there is. It is not imported here: that takes seconds."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        yield note(
            "accelerator",
            "torch is not installed: this machine can run front ends, but no worker",
            "pip install torch",
        )
        return
    device = loaded.settings.worker.device
    if device and device.startswith("cuda") and torch.endswith("+cpu"):
        yield bad(
            "accelerator",
            "device is {device}, and torch {torch} is built for CPUs only",
            "Install a CUDA build.",
            device=device,
            torch=torch,
        )
    else:
        yield good(
            "accelerator",
            "torch {torch}, device {device}",
            torch=torch,
            device=device or translate("the best there is"),
        )
    on_card = not torch.endswith("+cpu") and device not in ("cpu", "mps")
    speed = speed_of(loaded.settings).on("cuda" if on_card else "cpu")
    yield good("speed", "{speed}", speed=speed.words())
    if speed.compile:
        yield from _compilation(loaded, torch)
    wanted = {
        "CHATELIER_SPEED__QUANTISE=off": loaded.settings.speed.quantise,
        "CHATELIER_WORKER__TEXT_ENCODERS=device": loaded.settings.worker.text_encoders,
    }
    bits = {setting: value for setting, value in wanted.items() if value in _IN_8_BITS}
    if bits and find_spec("torchao") is None:
        yield bad(
            "speed",
            "weights in {quantise} need torchao, which is not installed",
            "pip install torchao, or set {setting}.",
            quantise=next(iter(bits.values())),
            setting=", ".join(bits),
        )


def _compilation(loaded: Loaded, torch: str) -> Iterator[Finding]:
    """What the last worker's compiler did; without a worker yet, whether there is one that works."""
    record = CompilationRecord.read(loaded.settings.compiled_folder / RECORD_NAME)
    if record is not None and record.torch == torch:
        if record.graphs:
            yield good(
                "speed",
                "the worker that started last compiled {graphs} parts of its model on {device}",
                graphs=record.graphs,
                device=record.device,
            )
        else:
            yield note(
                "speed",
                "the worker that started last could compile nothing on {device}: its blocks run uncompiled, which is"
                " slower",
                "Read its log, mend what it names, and start it again; or set CHATELIER_SPEED__COMPILE=false.",
                device=record.device,
            )
    problem = find_compiler_problem()
    if problem is CompilerProblem.MISSING:
        yield note(
            "speed",
            "there is no C compiler, so the model's blocks run uncompiled, which is slower",
            "Install gcc, or set CHATELIER_SPEED__COMPILE=false.",
        )
    elif problem is CompilerProblem.HEADERS:
        yield note(
            "speed",
            "the C compiler cannot compile for Python, so the model's blocks run uncompiled, which is slower",
            "Install Python's headers (python3-dev) and the C library's (libc6-dev), or set"
            " CHATELIER_SPEED__COMPILE=false.",
        )


def queues(loaded: Loaded) -> Iterator[Finding]:
    """Which models this machine's worker serves, where it does not serve all."""
    if not loaded.settings.worker.models:
        return
    try:
        yield good(
            "queues", "the worker here serves {models}", models=", ".join(served_models(loaded.settings))
        )
    except ConfigurationError as error:
        yield bad("queues", "{fault}", "Correct it for this worker.", fault=error)


def check_measurements(loaded: Loaded) -> Iterator[Finding]:
    """What workers found out about memory."""
    from engine.batching.device.device_profile import read

    for device, kinds in read(loaded.settings.learned_file).items():
        tight = [f"{kind}: {limits['rows']}" for kind, limits in kinds.items() if limits["rows"]]
        if tight:
            yield good(
                "learned",
                "{device} takes so many rows of a model at a size: {rows}",
                device=device,
                rows=", ".join(tight),
            )
