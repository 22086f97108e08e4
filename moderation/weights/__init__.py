"""Weights that rules ship with, each with its card."""
