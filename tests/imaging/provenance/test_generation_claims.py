"""What files of other programs say of how they were made."""

import io

import pytest
from PIL import Image, PngImagePlugin

from moderation.provenance.generation_claims import read_claim
from studio.domain.provenance import GenerationClaim

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmp:CreatorTool="Painter 3" '
    'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{term}"/></x:xmpmeta>'
)


def reopened(format_name="PNG", **options):
    out = io.BytesIO()
    Image.new("RGB", (32, 32)).save(out, format_name, **options)
    return Image.open(io.BytesIO(out.getvalue()))


def png_with(key, text):
    info = PngImagePlugin.PngInfo()
    info.add_itxt(key, text)
    return reopened(pnginfo=info)


@pytest.mark.parametrize("term", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"])
def test_the_digital_source_type_is_read_from_every_format(term):
    packet = XMP.format(term=term)
    wanted = (GenerationClaim.METADATA, "Painter 3")
    assert read_claim(png_with("XML:com.adobe.xmp", packet)) == wanted
    assert read_claim(reopened("JPEG", xmp=packet.encode())) == wanted
    assert read_claim(reopened("WEBP", xmp=packet.encode())) == wanted


def test_a_photograph_is_no_claim():
    assert read_claim(reopened("JPEG", xmp=XMP.format(term="digitalCapture").encode())) == (None, "")
    exif = Image.Exif()
    exif[0x0131] = "Adobe Photoshop 26"
    assert read_claim(reopened("JPEG", exif=exif)) == (None, "")
    assert read_claim(reopened("GIF")) == (None, "")


@pytest.mark.parametrize(
    ("key", "text", "generator"),
    [
        ("parameters", "a cat\nSteps: 20, Sampler: Euler", "Stable Diffusion web UI"),
        ("workflow", '{"nodes": []}', "ComfyUI"),
        ("Software", "NovelAI", "NovelAI"),
        ("parameters", "of a machine tool", ""),
        ("Software", "GIMP", ""),
    ],
)
def test_the_text_of_known_generators_is_recognised(key, text, generator):
    claim, found = read_claim(png_with(key, text))
    assert found == generator
    assert (claim is GenerationClaim.RECIPE) == bool(generator)


def test_settings_in_the_comment_of_a_jpeg_are_recognised():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a cat\nSteps: 20".encode("utf-16-be")
    assert read_claim(reopened("JPEG", exif=exif))[0] is GenerationClaim.RECIPE
