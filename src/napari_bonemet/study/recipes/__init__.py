"""Recipes: training and evaluating classifiers from folders and the medical records, the same in panel and terminal."""
