"""Training data for the prompt classifier."""
