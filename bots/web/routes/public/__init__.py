"""Pages for people without a session."""
