"""Bone measures by the field's names: thickness, cortical and trabecular measures, remodelling, lesions."""
