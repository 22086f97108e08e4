"""Prompts that somebody may choose from."""
