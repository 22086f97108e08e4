"""Bolt listeners: commands, actions, shortcuts, view submissions, reactions, the Home tab."""
