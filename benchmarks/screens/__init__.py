"""What the benchmark of the screen is made of: large weeks on disk, a window that is driven, and what is timed."""
