"""Labels and cell overlays drawn over images."""
