"""Signing in to the web front end: accounts of Discord and Slack, passkeys, and codes."""
