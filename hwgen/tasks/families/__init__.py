"""The classic families: one file each, FAMILY its one public value."""
