"""What people read and press, described once as data; each front end has one renderer for it."""
