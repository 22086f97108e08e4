"""The WebSocket of the web room: connections, protocol, commands, events."""
