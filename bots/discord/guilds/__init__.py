"""Discord servers and their members: who asks, what the bot may do there, what people attach."""
