"""The content policy: categories, rules of a community, findings, consent for uploads."""
