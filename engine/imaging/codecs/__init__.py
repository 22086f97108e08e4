"""Decoding uploads safely, encoding results, and metadata in files."""
