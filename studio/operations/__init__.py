"""What an operator sets and looks at: room for pictures, load by community and by worker."""
