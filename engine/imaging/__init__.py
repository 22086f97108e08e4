"""Picture work without a model: Pillow and numpy only."""
