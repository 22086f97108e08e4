"""Which worker serves the jobs of which model."""
