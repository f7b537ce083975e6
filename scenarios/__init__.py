"""Scenarios: runs whose fault is known, what must be found in each, and what cures it."""
