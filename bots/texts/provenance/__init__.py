"""Sentences about where pictures come from."""
