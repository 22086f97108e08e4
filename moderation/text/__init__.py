"""Reading prompts: normalization, decoding, word lists, languages, names, the classifier."""
