"""Settings, wiring, commands and migrations. The only package that imports the others."""
