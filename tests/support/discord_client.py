"""Discord's client as a page: it holds an Activity in a frame and answers what the frame asks, over TLS, since browsers
send the cookies of frames over nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.discord_proxy import PROXY_HOST, PROXY_ORIGIN, DiscordProxy
from tests.support.served_app import serving

INSTANCE = "i-1"
CLIENT = "https://discord.com/channels/55/9"
# `authorize` is what the person says, given by the test; `heard` is what the frame sent.
_PAGE = f"""<!doctype html><title>Client</title>
<script>
  const heard = [];
  addEventListener("message", async ({{ data: [opcode, frame], source, origin }}) => {{
    heard.push({{ opcode, frame, origin }});
    const answer = (message) => source.postMessage([1, message], origin);
    if (opcode === 0) answer({{ cmd: "DISPATCH", evt: "READY", nonce: null, data: {{ v: 1 }} }});
    else {{
      const data = frame.cmd === "AUTHORIZE" ? {{ code: await authorize(frame.args) }} : {{ opened: true }};
      answer({{ cmd: frame.cmd, evt: null, nonce: frame.nonce, data }});
    }}
  }});
</script>
<iframe style="width: 1200px; height: 800px" allow="fullscreen; clipboard-write"
  sandbox="allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-scripts"
  src="{PROXY_ORIGIN}/?instance_id={INSTANCE}&frame_id=f-1&platform=desktop&guild_id=55"></iframe>
"""


@contextmanager
def discord_client(app: ASGIApp, port: int, folder: Path) -> Iterator[list[str]]:
    """Serves the client, and the app behind Discord's proxy. Answers with arguments for the browser."""
    proxy = DiscordProxy(app, f"127.0.0.1:{port}")
    page = HTMLResponse(_PAGE)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        asked = dict(scope.get("headers", ())).get(b"host", b"").decode()
        await (proxy if scope["type"] == "lifespan" or asked == PROXY_HOST else page)(scope, receive, send)

    certificate = _write_certificate(folder / "certificate.pem")
    with serving(serve, port, ssl_certfile=certificate):
        yield [f"--host-resolver-rules=MAP * 127.0.0.1:{port}", "--ignore-certificate-errors"]


def _write_certificate(file: Path) -> Path:
    """A key and a certificate signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "discord.com")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=datetime.now(UTC) - timedelta(days=1),
        not_valid_after=datetime.now(UTC) + timedelta(days=1),
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(pem))
    return file
