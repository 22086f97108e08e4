"""Commands about one's own account: queue, history, credits, settings, links."""
