"""Images that the front ends draw themselves."""
