"""What the pages of the web room read from the database."""
