"""The ends of Discord and Slack on the loopback interface, for measurements and tests."""
