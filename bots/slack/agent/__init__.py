"""Slack's agent view: what an opened conversation offers."""
