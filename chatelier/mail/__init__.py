"""Mail to people outside who report a picture: sending it, and what it says."""
