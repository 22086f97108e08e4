"""Slash commands, context menus, buttons, modals and reactions."""
