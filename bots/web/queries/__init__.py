"""What the web pages read from the database."""
