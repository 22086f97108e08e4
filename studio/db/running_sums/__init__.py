"""Sums that triggers keep: credits by account, and what pictures take."""
