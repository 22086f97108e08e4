"""Pieces that several messages and forms share."""
