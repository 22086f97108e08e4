"""What the front ends read from the database for their messages."""
