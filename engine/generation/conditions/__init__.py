"""What stands beside the words of a picture, made ready for its model."""
