"""Keeps the one message of a job, a case or a starboard entry up to date."""
