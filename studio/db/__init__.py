"""The studio's records: SQLAlchemy tables and the few moves that must be exact."""
