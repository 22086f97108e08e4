"""A busy chat, and how long its people wait."""
