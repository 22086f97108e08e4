"""A judge of pictures, trained by itself: it shares no weights with any model, and does not look anything up."""
