"""The page "My pictures"."""
