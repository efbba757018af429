"""Tasks of the shared building blocks hw_<noun>: one file each, FAMILY its one public value."""

from __future__ import annotations

from hwgen.tasks.blocks import fifo, popcount, requant, token

SHARED = (fifo.FAMILY, popcount.FAMILY, requant.FAMILY, token.FAMILY)
"""Families named as the module; their parameters are the module's own."""

NO_TASKS = {
    "hw_ram_*": "a memory primitive: vendor tools infer a block RAM from this text",
    "hw_axi_*": "a shell of the bus: its contract is AXI's, its neighbour the memory",
    "hw_count*": "a cell of hw_popcount_tree that keeps its boundary for LUT6 fabrics",
}
"""Why other shared leaf modules are no tasks, by pattern of their names."""
