"""Pure functions from domain values to messages and forms: no platform, no escaping, no shortening for a platform."""
