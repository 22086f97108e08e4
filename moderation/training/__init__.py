"""Scripts that make what the rules ship with: word hashes and classifier weights. No studio runs them."""
