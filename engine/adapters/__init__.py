"""Adapters: what the step batcher knows of each model family. With the batcher, the only place that loads torch."""
