"""Where in a scan a classifier saw what it says."""
