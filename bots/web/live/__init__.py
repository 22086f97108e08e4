"""The WebSocket of the web page: connections, protocol, commands, events."""
