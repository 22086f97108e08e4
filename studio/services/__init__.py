"""Use cases that are no command: deletion, erasure, intake of uploads, digests."""
