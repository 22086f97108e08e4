"""The studio: the domain, the ports, its catalogue of commands and its database.

Nothing here imports `bots`, `engine`, `moderation` or `chatelier`.
"""

__version__ = "0.1.0"
