"""Local thickness, surface, connectivity, anisotropy: what is measured of bone in three dimensions."""
