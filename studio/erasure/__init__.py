"""Erasing a person, or all people of a community, with what they take part in."""
