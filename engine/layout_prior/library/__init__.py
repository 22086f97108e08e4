"""The library of cut-outs: subjects, the words that name them, their pictures."""
