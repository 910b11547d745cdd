"""Whether a scan is like those that a classifier learned from."""
