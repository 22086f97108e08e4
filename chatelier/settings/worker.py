"""The settings of the worker, and how it runs its models."""

from pydantic import Field

from chatelier.settings.value_types import LocalPath, Names, Section
from engine.performance_settings import LowMemory, Quantise, TextEncoders


class WorkerSection(Section):
    """The process that paints."""

    threads: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Jobs that run at once; the step batcher shares its steps among them. Unset: twice the rows of the"
        " default model that the devices hold, from 4 to 64.",
    )
    device: str | None = Field(
        None,
        pattern=r"^(cpu|mps|cuda(:\d+)?(,cuda:\d+)*)$",
        description="cpu, mps, cuda, or cuda:0,cuda:1 for several cards in one process; unset: a process for each"
        " card, else the best available.",
    )
    models: Names = Field(
        (),
        description="The models that this worker serves, such as sdxl, flux; needs model_queues. Unset: all.",
    )
    routing: bool = Field(
        False,
        description="Serve the models in the memory, and load another one when its jobs wait longer than loading takes;"
        " needs model_queues. Unset: all of them at all times.",
    )
    low_vram: LowMemory = Field(
        LowMemory.OFF,
        description="For small cards. parts: text encoders and autoencoder wait in the machine's memory;"
        " whole: the denoiser too, while they work.",
    )
    text_encoders: TextEncoders = Field(
        TextEncoders.DEVICE,
        description="For small cards. cpu: text encoders run on the processor, seconds for a new prompt; int8 or"
        " fp8: their weights in 8 bits; needs torchao.",
    )
    memory_gib: float | None = Field(
        None, ge=0.25, description="Limit of accelerator memory in GiB; unset: the device's memory."
    )
    cpu_threads: int | None = Field(None, ge=1, le=256, description="CPU cores for generation; unset: all.")
    depth_model: LocalPath | None = Field(
        None,
        description="An ONNX network that sees depth, such as Depth Anything small, for --depth; unset: the picture"
        " itself is taken for the map.",
    )
    pose_model: LocalPath | None = Field(
        None,
        description="An ONNX network that sees people's poses, YOLO's with 17 points, for --pose; unset: the picture"
        " itself is taken for the map.",
    )
    max_attempts: int = Field(
        8, ge=1, le=100, description="Attempts before a job counts as failed, when workers lose its lease."
    )
    lease_seconds: float = Field(
        30.0, ge=2, le=600, description="Seconds until the job of a silent worker is given to another."
    )


class SpeedSection(Section):
    """How models run. Unset means on for a CUDA card, off elsewhere."""

    fuse: bool | None = Field(None, description="Fuse the projections of attention.")
    compile: bool | None = Field(
        None, description="Compile the denoiser's blocks when the worker starts; that takes a minute or two."
    )
    overlap: bool | None = Field(None, description="Decode finished pictures beside the next steps.")
    graphs: bool = Field(
        False,
        description="Record small forward passes as CUDA graphs, one for each number of rows and size; off until you"
        " have measured it on your card with `chatelier bench gpu`.",
    )
    graphs_gib: float = Field(
        2.0,
        ge=0.1,
        le=64,
        description="Memory of these graphs in GiB for each model; the least used ones go first.",
    )
    quantise: Quantise = Field(
        Quantise.OFF, description="int8 or fp8: the denoiser's weights in 8 bits; needs torchao."
    )
