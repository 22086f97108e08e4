"""What frequent work costs in a small and in a large database."""
