"""Models on servers that speak OpenAI's images API. Loads no torch but in `remote_model`."""
