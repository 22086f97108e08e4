"""Training of the model that tells harmful prompts from their look-alikes."""
