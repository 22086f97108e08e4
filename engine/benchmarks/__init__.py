"""Measurements of the engine alone: `chatelier bench mixed|throughput|fair|overhead|upscale|gpu`."""
