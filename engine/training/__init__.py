"""Scripts that make the weights in this repository."""
