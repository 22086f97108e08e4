"""Who gave a command, read in one go."""
