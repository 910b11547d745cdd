"""What a classifier said, how good that is, and what its reader has to know: the same for every classifier."""
