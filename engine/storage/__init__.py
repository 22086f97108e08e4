"""Where pictures are kept: a folder, S3, or anything else that fsspec speaks."""

from engine.storage.factory import open_store
from engine.storage.store import FsspecStore

__all__ = ["FsspecStore", "open_store"]
