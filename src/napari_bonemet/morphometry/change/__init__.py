"""What became of bone between weeks: remodelling, lesions, and lesions followed."""
