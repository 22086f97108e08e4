"""Large files of a hub, fetched so that a later process goes on where an earlier one was cut off.

huggingface_hub goes on within one call only. Files that lie among its blobs already it takes as they are.
"""

import hashlib
import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studio.errors import ModelLoadError

if TYPE_CHECKING:
    import httpx

LARGE_BYTES = 32 * 1024**2
_ATTEMPTS = 5
_TIMEOUT_SECONDS = 60.0
_ETAG = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256_LETTERS = 64

log = logging.getLogger(__name__)


def fetch_large(repository: str, files: Sequence[str], *, commit: str, cache: Path) -> None:
    """Put files of a repository among the blobs of a hub's cache. Raises `ModelLoadError` for one that is cut off."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import repo_folder_name
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

    blobs = cache / repo_folder_name(repo_id=repository, repo_type="model") / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    for name in files:
        url = hf_hub_url(repository, name, revision=commit)
        found = get_hf_file_metadata(url)
        if found.etag is None or found.size is None or not _ETAG.fullmatch(found.etag):
            continue  # huggingface_hub knows what to do
        blob = blobs / found.etag
        part = blobs / f"{found.etag}.part"
        with WeakFileLock(blobs / f"{found.etag}.lock"):
            if blob.exists():
                continue
            _download(found.location, part, size_bytes=found.size, name=name, same_host=url)
            _verify(part, found.etag, name)
            part.replace(blob)
        (blobs / f"{found.etag}.lock").unlink(missing_ok=True)


def _download(location: str, part: Path, *, size_bytes: int, name: str, same_host: str) -> None:
    import httpx
    from huggingface_hub.utils import build_hf_headers, tqdm  # type: ignore[attr-defined]

    # Other hosts, to which a hub sends for its large files, are not to see the hub's token.
    trusted = urlsplit(location).netloc == urlsplit(same_host).netloc
    headers = build_hf_headers() if trusted else {}
    headers["Accept-Encoding"] = "identity"
    client = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=True)
    bar: Any = tqdm
    with client, bar(total=size_bytes, unit="B", unit_scale=True, desc=name) as progress:
        for _ in range(_ATTEMPTS):
            have = part.stat().st_size if part.exists() else 0
            if have >= size_bytes:
                break
            try:
                _go_on(client, location, part, have=have, headers=headers, progress=progress)
            except (httpx.HTTPError, OSError) as error:
                log.info("download cut off: %s", type(error).__name__)
        if not part.exists() or part.stat().st_size != size_bytes:
            raise ModelLoadError(f"{name} was cut off. The same command goes on where it was.")


def _go_on(
    client: "httpx.Client",
    location: str,
    part: Path,
    *,
    have: int,
    headers: dict[str, str],
    progress: Any,
) -> None:
    ranged = {**headers, "Range": f"bytes={have}-"} if have else headers
    with client.stream("GET", location, headers=ranged) as response:
        response.raise_for_status()
        have = have if response.status_code == HTTPStatus.PARTIAL_CONTENT else 0
        progress.n = have
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            for chunk in response.iter_raw():
                if file.tell() + len(chunk) > progress.total:
                    raise OSError("more than was announced")
                file.write(chunk)
                progress.update(len(chunk))


def _verify(part: Path, etag: str, name: str) -> None:
    """Large files are named by their SHA-256."""
    if len(etag) != _SHA256_LETTERS:
        return
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != etag:
        part.unlink()
        raise ModelLoadError(f"{name} arrived damaged and was removed. Fetch it again.")
