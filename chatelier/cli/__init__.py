"""One file per command of the command line. They import what is heavy inside their functions."""
