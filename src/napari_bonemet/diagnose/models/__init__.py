"""Networks, one per file; their options import no torch."""
