"""The files of a message's images: fitted, pixelated, under the grid, or gone."""

import io

import pytest
from PIL import Image as Canvas

from bots.delivery.attachments import Attachment
from bots.delivery.message_files import load_files
from bots.presentation.message import FileKind, Image, Images, Message
from studio.ports import Ports


def png(side: int = 200) -> bytes:
    file = io.BytesIO()
    Canvas.linear_gradient("L").resize((side, side)).save(file, "PNG")
    return file.getvalue()


def message(*images: Image) -> Message:
    return Message(parts=(Images(images=images),))


def colours(data: bytes) -> int:
    with Canvas.open(io.BytesIO(data)) as image:
        return len(image.convert("L").getcolors(10_000) or [])


def test_a_picture_comes_as_it_is_stored(ports: Ports) -> None:
    key = ports.store.put(png(), suffix=".png")
    found = load_files(ports, message(Image(name="one", alt_text="x", key=key)), limit_bytes=10**7)
    assert found.files["one"].data == png()
    assert not found.missing


def test_a_pixelated_copy_shows_no_details(ports: Ports) -> None:
    key = ports.store.put(png(), suffix=".png")
    image = Image(name="one", alt_text="x", key=key, kind=FileKind.PIXELATED)
    found = load_files(ports, message(image), limit_bytes=10**7)
    assert colours(found.files["one"].data) <= 14 < colours(png())


def test_a_file_that_is_gone_is_named(ports: Ports) -> None:
    there = Image(name="there", alt_text="x", key=ports.store.put(png(), suffix=".png"))
    gone = Image(name="gone", alt_text="x", key="pictures/gone.png")
    found = load_files(ports, message(there, gone), limit_bytes=10**7)
    assert (set(found.files), found.missing) == ({"there"}, {"gone"})


@pytest.mark.parametrize("kind", [FileKind.PREVIEW, FileKind.DRAWING])
def test_what_is_in_no_storage_is_handed_over(ports: Ports, kind: FileKind) -> None:
    image = Image(name="made", alt_text="x", kind=kind)
    made = {"made": Attachment(data=b"drawn", suffix=".png")}
    assert load_files(ports, message(image), limit_bytes=10**7, made=made).files == made
    assert not load_files(ports, message(image), limit_bytes=10**7).missing
