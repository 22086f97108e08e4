"""Sessions, names, addresses, rate limits and the security headers."""
