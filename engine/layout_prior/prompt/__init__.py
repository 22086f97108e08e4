"""From a prompt to a scene specification."""
