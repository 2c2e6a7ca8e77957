"""The verb `serve`: one process loads the libraries once and forks a child for each task."""
