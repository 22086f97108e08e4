"""Commands that inspect and administer an installation."""
