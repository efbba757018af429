"""Data sets: which specs are held out, rows from the task families and from local files."""
