"""What an administrator may set, where each value came from, and what is wrong with it."""

from chatelier.settings.reading import BadSettings, Loaded, Problem, load_settings, read_settings
from chatelier.settings.sections import Settings

__all__ = ["BadSettings", "Loaded", "Problem", "Settings", "load_settings", "read_settings"]
