"""The engine wing: queue, easel, painters, picture work and storage."""
