"""One driver for the whole recipe: runs the stages in order, stops and resumes anywhere."""
