"""Measurements of the whole installation. Those of the engine alone live in `engine.benchmarks`."""
