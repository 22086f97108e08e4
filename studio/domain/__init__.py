"""The concepts of the product as values: jobs, pictures, people, cases, verdicts."""
