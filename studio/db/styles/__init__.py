"""Styles that people saved."""
