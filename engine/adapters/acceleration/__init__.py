"""What makes networks faster or smaller: CUDA graphs, padded rows, weights outside the card."""
