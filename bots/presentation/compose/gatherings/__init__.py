"""Messages, forms and sentences of gatherings, one module for each kind; `registry.py` lists them."""
