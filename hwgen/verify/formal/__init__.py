"""Synthesis, netlists, and proofs of what they do."""
