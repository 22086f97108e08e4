"""Where a file says of itself that AI generated it: IPTC's digital source type, and the text of known generators.

The terms are those of IPTC's vocabulary (https://cv.iptc.org/newscodes/digitalsourcetype/). All of it is text that
anybody can write or remove.
"""

import re

from PIL import Image

from studio.domain.provenance import GenerationClaim

_GENERATED = ("trainedalgorithmicmedia", "compositewithtrainedalgorithmicmedia", "algorithmicmedia")
_SOURCE_TYPE = re.compile(r"digitalsourcetype/(\w+)", re.IGNORECASE)
_CREATOR_TOOL = re.compile(r"CreatorTool(?:=[\"']|>)\s*([^\"'<]{1,80})")
_LONGEST = 200_000  # characters of a text that are looked at
_LONGEST_NAME = 80
_XMP_TEXT = "XML:com.adobe.xmp"
_EXIF_SOFTWARE, _EXIF_IFD, _EXIF_COMMENT = 0x0131, 0x8769, 0x9286
# The key of a PNG's text, what must stand in it, and the program that writes it.
_GENERATOR_TEXTS = (
    ("parameters", re.compile(r"\bSteps: \d+"), "Stable Diffusion web UI"),
    ("workflow", re.compile(r"\"(?:nodes|class_type)\""), "ComfyUI"),
    ("prompt", re.compile(r"\"class_type\""), "ComfyUI"),
    ("invokeai_metadata", re.compile(r"."), "InvokeAI"),
    ("sd-metadata", re.compile(r"."), "InvokeAI"),
    ("Dream", re.compile(r"."), "InvokeAI"),
    ("fooocus_scheme", re.compile(r"."), "Fooocus"),
    ("Software", re.compile(r"NovelAI"), "NovelAI"),
)
_GENERATOR_NAMES = re.compile(
    r"\b(Midjourney|DALL[·.\-\s]?E|Stable Diffusion|NovelAI|ComfyUI|InvokeAI|Fooocus|Adobe Firefly|Imagen|Chatelier)\b",
    re.IGNORECASE,
)


def is_generated(source_type: str) -> bool:
    """Whether a term of IPTC's vocabulary, or its URI, stands for AI-generated content, wholly or in part."""
    return source_type.rsplit("/", 1)[-1].lower() in _GENERATED


def read_claim(picture: Image.Image) -> tuple[GenerationClaim | None, str]:
    """By what an opened file says that AI generated it, and the program that it names, or an empty text."""
    texts = {str(name): str(text)[:_LONGEST] for name, text in getattr(picture, "text", {}).items()}
    xmp = _xmp_of(picture, texts)
    if any(is_generated(term) for term in _SOURCE_TYPE.findall(xmp)):
        tool = _CREATOR_TOOL.search(xmp)
        return GenerationClaim.METADATA, tool[1].strip() if tool else ""
    for key, pattern, generator in _GENERATOR_TEXTS:
        if pattern.search(texts.get(key, "")):
            return GenerationClaim.RECIPE, generator
    if named := _GENERATOR_NAMES.search(f"{texts.get('Software', '')} {_exif_text(picture)}"):
        return GenerationClaim.RECIPE, named[1][:_LONGEST_NAME]
    return None, ""


def _xmp_of(picture: Image.Image, texts: dict[str, str]) -> str:
    packet = picture.info.get("xmp", b"")
    text = packet.decode(errors="replace") if isinstance(packet, bytes) else str(packet)
    return (text or texts.get(_XMP_TEXT, ""))[:_LONGEST]


def _exif_text(picture: Image.Image) -> str:
    """The program, and the settings that web UIs write into the comment of a JPEG."""
    exif = picture.getexif()
    comment = exif.get_ifd(_EXIF_IFD).get(_EXIF_COMMENT, b"")
    words = (
        comment[8:].replace(b"\0", b"").decode(errors="replace")
        if isinstance(comment, bytes)
        else str(comment)
    )
    settings = "Stable Diffusion" if re.search(r"\bSteps: \d+", words[:_LONGEST]) else ""
    return f"{exif.get(_EXIF_SOFTWARE, '')} {settings}"
