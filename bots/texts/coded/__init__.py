"""The sentences behind the codes of `studio`: errors, refusals, notices and the ends of jobs."""
