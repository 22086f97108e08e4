"""From an accepted request to the inputs of the model, and back to finished images."""
