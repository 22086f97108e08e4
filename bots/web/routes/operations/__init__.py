"""What the operator reads: the load of all communities and workers."""
