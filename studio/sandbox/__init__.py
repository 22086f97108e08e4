"""Child processes with little memory and little time, for dangerous or heavy work."""
