"""Languages that are written with Latin letters although they have a script of their own."""
