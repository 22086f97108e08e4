"""Moderation: what may be painted, by whom, how fast, and who looks when in doubt."""
