"""The judge on several machines: Ray, the extra `cluster`."""
