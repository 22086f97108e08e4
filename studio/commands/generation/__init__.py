"""Commands that generate images."""
