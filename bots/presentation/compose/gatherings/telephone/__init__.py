"""The game of telephone: its message, and a turn as its player sees it."""
