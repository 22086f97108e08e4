"""From a filled-in command to an accepted job."""
