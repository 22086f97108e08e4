"""What language models wrote, as messages."""
