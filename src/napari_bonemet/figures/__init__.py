"""Figures as matplotlib figures or arrays; no screen needed."""
