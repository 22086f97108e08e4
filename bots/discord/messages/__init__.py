"""Messages that the bot sends to Discord and edits there."""
