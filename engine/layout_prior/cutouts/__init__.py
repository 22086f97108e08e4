"""Cutouts of the bundled library: selection, recolouring, compositing."""
