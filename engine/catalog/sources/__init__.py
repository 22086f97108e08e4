"""Where models come from: hubs, single files, and downloads that go on."""
