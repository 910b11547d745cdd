"""A synthetic tibia with its truth: what can be learned and tested where no data set can be had."""
