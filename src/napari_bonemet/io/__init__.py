"""Reading and writing scans: one file per format, and the published folder layouts."""
