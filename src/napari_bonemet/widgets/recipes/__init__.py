"""The Classifiers dock: a classifier learned from folders of scans and the medical records, as a recipe says."""
