"""Which pipelines take several samples in one call without mixing their images."""

# The pipeline classes that take one image, mask or embedding a sample. Every other class gets one sample a call: FLUX.2
# and Qwen-Image-Edit-Plus read a list of images as references for the whole batch, and Kandinsky 2.2's inpainting lays
# the first image under every mask. A class comes onto this list with a test that two samples equal their solo runs.
SHARED_CALLS = frozenset(
    {
        "KandinskyV22Img2ImgPipeline",
        "KandinskyV22Pipeline",
        "PixArtSigmaPipeline",
        "QwenImageImg2ImgPipeline",
        "QwenImageInpaintPipeline",
        "QwenImagePipeline",
        "SanaPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
        "StableDiffusionPipeline",
        "StableUnCLIPImg2ImgPipeline",
        "UnCLIPImageVariationPipeline",
        "ZImageImg2ImgPipeline",
        "ZImageInpaintPipeline",
        "ZImagePipeline",
    }
)


def shares_calls(kind: type) -> bool:
    """Whether samples may share a call of this pipeline class without seeing each other's images."""
    return kind.__name__ in SHARED_CALLS
