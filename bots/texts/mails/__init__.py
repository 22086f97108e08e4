"""Mails to people who have no name here."""
