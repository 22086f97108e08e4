"""Messages that the app posts to Slack and updates there."""
