"""What sessions of the database have in common."""
