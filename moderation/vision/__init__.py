"""What an image shows: nudity, faces, perceptual hashes, the safety model."""
