"""What translators work with: every sentence, the files that hold the translations, and their checks."""
