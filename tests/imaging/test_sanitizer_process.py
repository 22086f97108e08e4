"""Files from outside are opened in a child process: it bears what its parent should not."""

import io
import math
import os
import struct
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from PIL import Image

from engine.imaging.codecs.sanitizer_process import MEMORY_BYTES, UploadSanitizer
from engine.imaging.codecs.upload_sanitizer import MAX_PIXELS, clean_upload
from studio.errors import BadImageError
from tests.support.sentences import error_text, raises

MIB = 2**20
PATIENCE_SECONDS = 300.0  # a slow machine is no reason to give a child up


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def dense_png(side: int) -> bytes:
    """Sixteen bits of four channels a pixel, all the same: few bytes that unpack to the most that is allowed."""
    header = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    row = zlib.compress(bytes(1) + b"\x80\x00\x40\x00\x20\x00\xff\xff" * side)
    rows = zlib.decompress(row)
    packer = zlib.compressobj(1)
    body = b"".join(packer.compress(rows) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def sanitizer() -> UploadSanitizer:
    return UploadSanitizer(timeout_seconds=PATIENCE_SECONDS)


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-I", "-c", code


PHOTOGRAPH = encode(Image.linear_gradient("L").convert("RGB"), "JPEG")


def test_a_picture_comes_out_as_if_it_had_been_opened_here(sanitizer: UploadSanitizer) -> None:
    cut = Image.linear_gradient("L").convert("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 128, 256))
    for data in (PHOTOGRAPH, encode(cut)):
        assert sanitizer.clean(data) == clean_upload(data)


def test_one_child_serves_picture_after_picture_in_little_memory() -> None:
    sanitizer = UploadSanitizer(timeout_seconds=PATIENCE_SECONDS)
    sanitizer.clean(PHOTOGRAPH)
    child = sanitizer.worker_process._warm
    for _ in range(5):
        sanitizer.clean(PHOTOGRAPH)
    assert sanitizer.worker_process._warm is child
    assert 10 * MIB < sanitizer.worker_process.peak_bytes < 70 * MIB, (
        "the child has loaded more than a decoder needs"
    )


def test_what_is_wrong_is_said_in_the_same_words(sanitizer: UploadSanitizer) -> None:
    truncated = encode(Image.linear_gradient("L"))[:-600]
    for data in (b"GIF89a", truncated, encode(Image.new("RGBA", (64, 64)))):
        with pytest.raises(BadImageError) as there:
            sanitizer.clean(data)
        with pytest.raises(BadImageError) as here:
            clean_upload(data)
        assert str(there.value) == str(here.value)


def test_the_densest_picture_allowed_fits_into_the_child(sanitizer: UploadSanitizer) -> None:
    upload = sanitizer.clean(dense_png(math.isqrt(MAX_PIXELS)))
    assert (upload.width, upload.height) == (2048, 2048)
    assert 64 * MIB < sanitizer.worker_process.peak_bytes < 400 * MIB


def test_a_child_without_enough_memory_says_so_and_goes_on() -> None:
    small = UploadSanitizer(memory_bytes=140 * MIB, timeout_seconds=PATIENCE_SECONDS)
    small.clean(PHOTOGRAPH)
    with pytest.raises(BadImageError):
        small.clean(dense_png(4096))
    assert small.clean(PHOTOGRAPH).width == 256


ANSWERS = {
    "dies": "import os; os.abort()",
    "hangs": "import time; time.sleep(600)",
    "babbles": "import socket, sys; socket.socket(fileno=int(sys.argv[1])).sendall(b'x' * 100)",
    "answers in another shape": (
        "import socket, struct, sys; s = socket.socket(fileno=int(sys.argv[1])); p = struct.Struct('>Q').pack;"
        "s.sendall(p(3) + b'[1]' + p(0) * 3); s.recv(1 << 20)"
    ),
    "claims too much": "import socket, sys; socket.socket(fileno=int(sys.argv[1])).sendall(b'\\xff' * 8 + b'x')",
}


@pytest.mark.parametrize("code", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_child_that_fails_is_ended_and_the_picture_refused(code: str) -> None:
    box = UploadSanitizer(timeout_seconds=0.5, command=python(code))
    with raises(BadImageError, match="safely"):
        box.clean(PHOTOGRAPH)
    assert not box.worker_process._children


def test_after_a_failure_another_child_takes_over() -> None:
    box = UploadSanitizer(timeout_seconds=PATIENCE_SECONDS)
    box.clean(PHOTOGRAPH)
    assert box.worker_process._warm is not None
    os.kill(box.worker_process._warm._process.pid, 9)
    box.worker_process._warm._process.wait()
    assert box.clean(PHOTOGRAPH).width == 256
    assert len(box.worker_process._children) == 1


# Hangs on a file that ends so, and finds anything else wrong.
_HANGS_ON_DEMAND = """
import json, socket, struct, sys, time
connection, length = socket.socket(fileno=int(sys.argv[1])), struct.Struct(">Q")
answer = json.dumps({"error": "damaged", "values": {}, "peak_bytes": 0}).encode()
with connection.makefile("rb") as asked:
    while head := asked.read(8):
        if asked.read(*length.unpack(head)).endswith(b"hang"):
            time.sleep(600)
        connection.sendall(length.pack(len(answer)) + answer + length.pack(0) * 3)
"""


def test_a_file_that_hangs_its_child_keeps_no_other_waiting() -> None:
    box = UploadSanitizer(places=2, timeout_seconds=PATIENCE_SECONDS, command=python(_HANGS_ON_DEMAND))
    with ThreadPoolExecutor(1) as others:
        hanging = others.submit(box.clean, PHOTOGRAPH + b"hang")
        try:
            for _ in range(2):
                with raises(BadImageError, match="damaged"):
                    box.clean(PHOTOGRAPH)
            assert not hanging.done()
        finally:
            while not hanging.done():
                for child in list(box.worker_process._children):
                    child._process.kill()
                wait([hanging], timeout=0.05)
    with raises(BadImageError, match="safely"):
        hanging.result()


def test_a_full_sanitizer_asks_to_try_again() -> None:
    box = UploadSanitizer(places=1, timeout_seconds=0.01, command=python("pass"))
    box.worker_process._places.acquire()
    with raises(BadImageError, match="try again"):
        box.clean(PHOTOGRAPH)


def test_the_child_knows_no_secret_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_DISCORD__TOKEN", "secret")
    code = (
        "import json, os, socket, struct, sys; s = socket.socket(fileno=int(sys.argv[1]));"
        "e = json.dumps({'error': ' '.join(os.environ), 'peak_bytes': 0}).encode();"
        "p = struct.Struct('>Q').pack; s.sendall(p(len(e)) + e + p(0) * 3); s.recv(1 << 20)"
    )
    with pytest.raises(BadImageError) as caught:
        UploadSanitizer(command=python(code), timeout_seconds=PATIENCE_SECONDS).clean(PHOTOGRAPH)
    assert "CHATELIER" not in error_text(caught.value)


def test_the_limit_is_far_above_what_is_needed_and_far_below_the_machine() -> None:
    assert 400 * MIB < MEMORY_BYTES <= 600 * MIB
