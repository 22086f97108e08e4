"""What communities and people have chosen for themselves."""
