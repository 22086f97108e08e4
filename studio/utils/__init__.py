"""Clock, serialization, bounded memory and loopback addresses."""
