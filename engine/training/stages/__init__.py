"""The training stages, one after another."""
