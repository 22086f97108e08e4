"""Loading, offloading and optimizing pipelines."""
