"""The queue between front ends and workers: Celery on Redis."""
