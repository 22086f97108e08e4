"""What tells harmful prompts from harmless ones that resemble them."""
