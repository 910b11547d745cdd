"""Many legs over weeks: tables, groups, statistics, medical records filled."""
