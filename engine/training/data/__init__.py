"""What the bundled model learns from."""
