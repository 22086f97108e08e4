"""A fleet of boxes in virtual time."""
