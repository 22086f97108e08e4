"""Safety models that a worker runs itself, from a local folder."""
