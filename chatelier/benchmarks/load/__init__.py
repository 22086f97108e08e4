"""`chatelier bench load`: many people on every front end, against real processes."""
