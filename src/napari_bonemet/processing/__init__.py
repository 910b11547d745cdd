"""From weekly scans to registered weeks, composites and regions of interest."""
