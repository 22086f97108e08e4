"""Reports of people without a name here: receipts, the clock of urgent ones, and what is hidden until a decision."""
