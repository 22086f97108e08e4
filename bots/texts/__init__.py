"""Sentences that all front ends share."""
