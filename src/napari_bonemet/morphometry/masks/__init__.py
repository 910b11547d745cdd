"""Cortex, trabecular region, and which slices are measured."""
