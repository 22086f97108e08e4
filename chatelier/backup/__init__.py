"""Backups of one installation: its records, the pictures that they name, and its keys."""
