"""Which models this installation can run."""
