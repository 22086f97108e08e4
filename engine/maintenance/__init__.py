"""Periodic work: requeueing stalled jobs, deleting orphaned files, the weekly digest."""
