"""Lists of pictures that people search and filter."""
