"""Models behind OpenAI-compatible servers that the operator named."""
