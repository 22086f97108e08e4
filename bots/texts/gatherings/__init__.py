"""The sentences of gatherings."""
