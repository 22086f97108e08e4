"""Masks: from files, from grid cells, and their connected components."""
