"""Blocks that a model writes, inside the accelerators that hwgen emits.

A writer is any function that gives Verilog for a task; this layer judges what it gives, proves it,
and puts the best into the emitted files in place of the template. It knows no policy.
"""
