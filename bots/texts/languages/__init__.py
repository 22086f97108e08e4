"""Catalogues of translations, and in which language somebody reads."""
