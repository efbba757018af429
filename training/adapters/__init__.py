"""Rewards of the judge for other trainers: one small file for each, which needs none of them."""
