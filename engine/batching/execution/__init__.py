"""Running the samples of one device: who is next, one step at a time, decoding."""
