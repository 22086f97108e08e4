"""Model families of 2025 and later, whose words a language model reads."""
