"""Uploads that wait for their prompt, and downloads within limits."""
