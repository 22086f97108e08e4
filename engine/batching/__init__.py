"""The step batcher: images of many people denoised side by side, one step at a time."""
