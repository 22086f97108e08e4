"""Sentences and Markdown of the Discord front end."""
