"""Diagnosis: is there a lesion in this scan, in which slice, and how sure is the network of it."""
