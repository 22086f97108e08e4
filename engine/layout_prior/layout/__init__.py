"""Where the objects of a scene go."""
