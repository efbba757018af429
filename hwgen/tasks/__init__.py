"""Blocks to write and to judge: what is asked, and the model that knows the answer."""
