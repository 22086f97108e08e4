"""Pictures that moderators took down."""
