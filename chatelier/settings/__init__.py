"""What an administrator may set, where each value came from, and what is wrong with it."""

from chatelier.settings.loader import InvalidSettingsError, Loaded, Problem, load_settings, read_settings
from chatelier.settings.settings import Settings

__all__ = ["InvalidSettingsError", "Loaded", "Problem", "Settings", "load_settings", "read_settings"]
