"""Commands about pictures that exist."""
