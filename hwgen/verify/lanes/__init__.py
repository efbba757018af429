"""Simulation: two lanes, two simulators, one trace."""
