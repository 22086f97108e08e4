"""The cap of the house: settings, wiring, commands, migrations. The only place that imports the wings."""
