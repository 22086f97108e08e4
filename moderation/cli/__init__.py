"""`chatelier policy`: trying prompts and images, evaluation, hash lists."""
