"""Where pictures come from: their family, and what a file says of itself."""
