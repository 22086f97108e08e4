"""Procedural backgrounds."""
