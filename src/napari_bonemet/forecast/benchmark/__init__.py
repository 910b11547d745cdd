"""The benchmark of forecasters: cohorts on disk, rows of networks and baselines, figures with intervals, tables."""
