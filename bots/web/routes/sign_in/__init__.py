"""The entry page, and signing in."""
