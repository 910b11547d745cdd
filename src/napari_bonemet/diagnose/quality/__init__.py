"""Bone quality: are the lesions of a slice and a vertebra blastic, lytic or mixed, and which sides do they take."""
