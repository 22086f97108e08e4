"""Contests, and the hall of their winners, as messages."""
