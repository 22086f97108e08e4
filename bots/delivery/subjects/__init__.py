"""How jobs, cases and starred pictures are shown now, and where: one module for each kind of subject."""
