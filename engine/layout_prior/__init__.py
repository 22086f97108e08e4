"""The layout prior of retrieval-augmented models: words → cut-outs → a collage for the diffusion model to repaint."""

from engine.layout_prior.composer import CollageComposer

__all__ = ["CollageComposer"]
