"""Files at Slack: uploads, and the records of what was uploaded."""
