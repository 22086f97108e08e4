"""Where a picture comes from: signature, invisible mark, content credentials, and how they are recognised."""
