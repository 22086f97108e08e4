"""Shared games: what is common to all kinds, and the kinds themselves as state machines described by data."""
