"""Walls around what is not trusted, and the server inside them."""
