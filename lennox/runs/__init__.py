"""Runs over many films: which files are films, a folder of results that can go on where it stopped, the run itself."""
