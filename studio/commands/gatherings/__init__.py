"""Opening gatherings, and what people do in them; the rules are in `studio/gatherings/`."""
