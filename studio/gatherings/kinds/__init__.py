"""The kinds of gatherings, one module each; `studio.gatherings.registry` lists them."""
