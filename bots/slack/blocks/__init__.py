"""Messages, modals and the Home tab in Block Kit."""
