"""IPTC's properties for AI-generated pictures as XMP in a PNG: the digital source type and the system used.

"XMP Specification Part 3", section 1.1.5, has the PNG chunk; the IPTC Photo Metadata Standard 2025.1 the properties.
"""

import struct
import zlib
from xml.sax.saxutils import quoteattr

from studio import __version__

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = len(_SIGNATURE) + 25  # IHDR is the first chunk and always as long
_KEYWORD = b"XML:com.adobe.xmp"


def add_xmp(png: bytes, *, source_type: str) -> bytes:
    """The PNG with an XMP packet behind its header. `source_type` is a URI. Raises ValueError for what is no PNG."""
    if not png.startswith(_SIGNATURE) or png[12:16] != b"IHDR":
        raise ValueError("not a PNG")
    body = b"iTXt" + _KEYWORD + b"\0\0\0\0\0" + packet(source_type).encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:_HEADER_END] + chunk + png[_HEADER_END:]


def packet(source_type: str) -> str:
    program = quoteattr(f"Chatelier {__version__}")
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f"xmp:CreatorTool={program} Iptc4xmpExt:AISystemUsed={program} "
        f"Iptc4xmpExt:DigitalSourceType={quoteattr(source_type)}/>"
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )
