"""Sentences of the web room."""
