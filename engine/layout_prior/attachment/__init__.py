"""Things that belong to another one: worn, held, played, ridden, sat on, leant on, inside."""
