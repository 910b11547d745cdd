"""Possible futures of a leg, from its weeks so far."""
