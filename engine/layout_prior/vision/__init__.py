"""What an image shows: layout encoder, appearance index, scene summary."""
