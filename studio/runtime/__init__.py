"""Clock, serialization, worker processes."""
