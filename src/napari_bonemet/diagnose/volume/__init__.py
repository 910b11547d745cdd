"""Training for volumes: changes of the greys, folds of animals, backbones that others published."""
