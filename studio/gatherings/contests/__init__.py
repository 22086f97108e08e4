"""The rules of contests: which pictures may be entered, and who wins."""
