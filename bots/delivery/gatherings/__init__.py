"""Keeps the messages of gatherings up to date."""
