"""Measurements of the engine alone: `chatelier bench lanes|throughput|fair|overhead|upscale|gpu`."""
