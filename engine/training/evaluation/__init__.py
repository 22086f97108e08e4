"""The exam of the bundled model: prompts with known answers, painted by the engine, judged by scorer and detectors."""
