"""The studio: the words of the house, its ports, its catalogue of commands and its database.

Nothing here imports a wing (`bots`, `engine`, `moderation`) or the cap (`chatelier`).
"""

__version__ = "0.1.0"
