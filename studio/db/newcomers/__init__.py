"""Where newcomers came from, and what those of one origin share."""
