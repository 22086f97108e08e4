"""Commands for moderators, and reports and appeals."""
