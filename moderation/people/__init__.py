"""Well-known people, who are found in a text by their names."""
