"""Sentences, mrkdwn and the parser of Slack's command text."""
