"""Grids, labels and cell overlays drawn over images."""
