"""What people can ask for. One command per file: a frozen dataclass, its catalogue entry, its handler."""
