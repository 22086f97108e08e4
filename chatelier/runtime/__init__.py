"""What every process of an installation needs while it runs."""
