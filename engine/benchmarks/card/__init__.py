"""`bench gpu`: what a large card does, figure by figure."""
