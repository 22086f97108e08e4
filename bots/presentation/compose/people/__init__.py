"""Pages about people, for moderators."""
