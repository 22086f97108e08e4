"""Tables of bans, strikes and the audit log."""
