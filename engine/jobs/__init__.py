"""The life of a job in a worker: lease, generation, judgement, storage, results."""
