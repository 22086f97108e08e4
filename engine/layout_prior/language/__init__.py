"""The words and grammar of prompts, and other languages."""
