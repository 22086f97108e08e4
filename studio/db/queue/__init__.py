"""Whose turn it is in the queue."""
