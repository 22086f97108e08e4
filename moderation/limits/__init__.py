"""Limits that keep sharing fair: how often a person may ask."""
