"""How good diagnoses are, with intervals over animals."""
