"""`chatelier models …`: list, fetch, add and check models."""
