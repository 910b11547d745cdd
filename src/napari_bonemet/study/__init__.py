"""One leg through the whole chain."""
