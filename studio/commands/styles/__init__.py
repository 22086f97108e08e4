"""Styles that people save and use again."""
