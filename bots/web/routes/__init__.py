"""Pages and endpoints of the web room."""
