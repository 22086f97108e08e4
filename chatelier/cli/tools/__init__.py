"""Commands that work without a running installation."""
