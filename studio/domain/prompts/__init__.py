"""Prompts before they are painted."""
