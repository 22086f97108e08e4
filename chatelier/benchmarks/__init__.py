"""Measurements of the whole house. Those of the engine alone live in `engine.benchmarks`."""
