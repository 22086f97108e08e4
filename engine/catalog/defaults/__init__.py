"""How models are used when nobody says it: by their files, their tensors and their names."""
