"""The invisible watermark: embedding, detection, robustness."""
