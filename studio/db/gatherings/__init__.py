"""Rows of gatherings, read and written as the frozen types of the studio."""
