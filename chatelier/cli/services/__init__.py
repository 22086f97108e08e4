"""Commands that start the processes of an installation."""
