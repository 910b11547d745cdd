"""What the registration benchmarks share: synthetic legs without noise, known poses and known holes."""
