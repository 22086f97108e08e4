"""What the queue takes of Redis."""
