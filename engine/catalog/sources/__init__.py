"""Where models come from: hubs, single files, and what their files say about how they are used."""
