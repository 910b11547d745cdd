"""Baselines and tables of the benchmark of the classifiers on shifted animals."""
