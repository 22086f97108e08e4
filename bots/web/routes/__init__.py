"""Pages and endpoints of the web front end."""
