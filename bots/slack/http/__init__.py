"""Slack over HTTP: request verification, OAuth, install pages."""
