"""Synthetic axial CT of human vertebrae with metastases, and its truth: drawn by a program, no data of any patient."""
