"""What a language model does for prompts."""
