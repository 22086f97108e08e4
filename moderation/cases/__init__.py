"""The moderators' desk: cases are claimed, decided, and have consequences."""
