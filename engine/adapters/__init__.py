"""Painters: what the easel knows of each model family. The one place, with the easel, that loads torch."""
