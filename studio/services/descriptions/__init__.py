"""What models see in pictures."""
