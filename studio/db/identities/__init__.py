"""Rows of people: who they are, under which names, and which identities are one human."""
