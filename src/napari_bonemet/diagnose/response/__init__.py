"""Response to treatment from the weeks of a leg: X-ray-like projections through time, and a small 3D network."""
