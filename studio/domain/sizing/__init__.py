"""Sizes and prices of pictures, worked out before a job is accepted."""
