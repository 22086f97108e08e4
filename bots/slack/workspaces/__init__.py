"""Workspaces that installed the app, their channels, members and user groups."""
