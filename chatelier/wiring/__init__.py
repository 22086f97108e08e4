"""Plugs implementations into the ports of the studio."""
