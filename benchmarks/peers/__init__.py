"""Registration by other programs, set up as well as we could, for the benchmarks to compare with."""
