"""Safety models on servers of the operator's own, which are asked over HTTP."""
