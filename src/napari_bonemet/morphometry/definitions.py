"""What each measure is, in a sentence for who meets it for the first time.

After Bouxsein et al., J Bone Miner Res 2010, 25:1468-1486, tables 2 and 3; as far as the options leave a choice, as
measured by default (docs/explanation/measures.md).
"""

__all__ = ["DEFINITIONS", "definition_of"]

_SPREAD = "The standard deviation of the same over the voxels: how unlike each other the places of the region are."

DEFINITIONS = {
    "Tt.BV": "Volume of all voxels that are bone, cortex and trabeculae alike.",
    "TV": "Volume of the region that trabecular bone is measured in, bone and marrow.",
    "BV": "Volume of the bone in that region.",
    "BV/TV": "The share of the region that is bone. Lytic lesions lower it.",
    "BS": "Area of the surface between bone and marrow in the region.",
    "BS/BV": "Surface for each mm³ of bone: the higher, the finer the structures.",
    "BS/TV": "Surface for each mm³ of the region: how much surface cells can work at.",
    "Tb.Th": "Mean over the bone of the diameter of the largest ball that holds a voxel and fits into the bone.",
    "Tb.Th.SD": _SPREAD,
    "Tb.Sp": "Mean over the marrow of the diameter of the largest ball that holds a voxel and fits between trabeculae.",
    "Tb.Sp.SD": _SPREAD,
    "Tb.N": "Trabeculae met on a mm of the way: one over the mean distance between their middle lines.",
    "Tb.N.SD": _SPREAD,
    "Eu.N": "Pieces less tunnels plus closed hollows; negative where many trabeculae are linked.",
    "Conn.D": "Links that can be cut before the network falls apart, for each mm³: 1 less the Euler number.",
    "DA": "How far trabeculae lie in one direction, by mean intercept lengths: 0 in none, towards 1 all in one.",
    "SMI": "How the surface grows with thickness: 0 of plates, 3 of rods, 4 of balls; below 0 where bone is hollow.",
    "Tb.BMD": "Mean mineral density over the region, marrow included.",
    "Tb.TMD": "Mean mineral density of the bone in the region alone, without its outermost voxels.",
    "Ct.Ar": "Area of cortical bone in a cross-section.",
    "Tt.Ar": "Area of a cross-section within the periosteum, bridged where a lesion opened it.",
    "Ma.Ar": "Area of a cross-section within the endosteum, bridged where a lesion opened it.",
    "Ct.Ar/Tt.Ar": "The share of a cross-section that is cortical bone.",
    "Ct.Th": "Mean over the cortex, pores filled, of the diameter of the largest ball that holds a voxel and fits in.",
    "Ct.Th.SD": _SPREAD,
    "Ct.Po": "The share of the cortex that is pores: voids that bone encloses in a slice. Open lesions are none.",
    "Imin": "Resistance of the cross-section to bending about its weakest axis.",
    "Imax": "Resistance of the cross-section to bending about its strongest axis.",
    "pMOI": "Resistance of the cross-section to twisting: the sum of both moments of area.",
    "Ps.Pm": "Length of the cortex's outer outline in a cross-section.",
    "Ec.Pm": "Length of the cortex's inner outline in a cross-section.",
    "Ct.Ecc": "How oval a cross-section is: 0 round, towards 1 drawn out.",
    "Ct.BMD": "Mean mineral density over the cortex, pores included.",
    "Ct.TMD": "Mean mineral density of the bone in the cortex alone, without its outermost voxels.",
}


def definition_of(symbol: str) -> str:
    """The sentence of a measure; empty for one that is not of the catalogue."""
    return DEFINITIONS.get(symbol, "")
