"""What one device can hold and how fast it is: models in memory, rows, seconds a step."""
