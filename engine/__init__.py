"""The engine: queue, step batcher, model adapters, imaging and storage."""
