"""Canvases larger than an image: outpainting, infill, windows and tiles."""
