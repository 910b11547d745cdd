"""Pelvis, vertebrae and foot of the hindlimb field, each in its own frame (z, y, x), micrometres."""

from napari_bonemet.phantom.hindlimb_shapes import Row, capsule, ellipsoid


def pelvis_rows() -> list[Row]:
    """Half a pelvis: z caudal, y dorsal, x lateral from the middle of the hip joint."""
    return [
        ellipsoid((0, 100, -500), (1250, 1250, 950)),
        capsule((-800, 400, -700), (-6000, 1700, -900), 620, 800, squash=(1, 1, 1.7), blend=300),
        capsule((-6000, 1700, -900), (-10500, 2600, -1600), 800, 1050, squash=(1, 1, 1.7), blend=30),
        capsule((800, 450, -700), (5000, 1800, -1700), 600, 800, squash=(1, 1, 1.7), blend=300),
        capsule((300, -700, -900), (2300, -2900, -4300), 380, 330, blend=200),
        capsule((5000, 1600, -1800), (3600, -2500, -4200), 420, 330, blend=200),
        capsule((2200, -2950, -4350), (4000, -2700, -4350), 340, blend=200),
        capsule((0, 0, 0), (0, 0, 1600), 920, hollow=True, blend=60),
    ]


def _body(length: float, waist: float, end: float, flat: float) -> list[Row]:
    return [
        capsule((500, 0, 0), (length - 500, 0, 0), waist, squash=(1, flat, 1)),
        ellipsoid((400, 0, 0), (390, end / flat, end), blend=350),
        ellipsoid((length - 400, 0, 0), (390, end / flat, end), blend=350),
    ]


def lumbar_rows(length: float) -> list[Row]:
    """A lumbar vertebra: z caudal from the front of its body, y dorsal, x to the left."""
    rows = _body(length, 760, 980, 1.2)
    for side in (-1, 1):
        rows += [
            capsule((0.45 * length, 500, 780 * side), (0.5 * length, 1650, 820 * side), 270, squash=(0.3, 1, 1)),
            capsule((0.5 * length, 1700, 800 * side), (0.5 * length, 2200, 60 * side), 260, squash=(0.3, 1, 1)),
            capsule((0.4 * length, -50, 800 * side), (0.02 * length, -450, 2500 * side), 330, 200),
            capsule((0.7 * length, 1750, 720 * side), (1.1 * length, 1950, 620 * side), 300, 260),
            capsule((0.35 * length, 1650, 800 * side), (-0.1 * length, 1800, 1050 * side), 300, 280),
        ]
    return [*rows, capsule((0.55 * length, 2200, 0), (0.3 * length, 3150, 0), 260, 200, squash=(0.5, 1, 1))]


def sacral_rows(length: float, wing: float) -> list[Row]:
    """A sacral vertebra, as long as to touch the next, with wings that reach `wing` to the side."""
    rows = _body(length, 650, 800, 1.2)
    for side in (-1, 1):
        rows += [
            capsule((0.45 * length, 400, 650 * side), (0.5 * length, 1350, 650 * side), 240, squash=(0.3, 1, 1)),
            capsule((0.5 * length, 1400, 620 * side), (0.5 * length, 1750, 60 * side), 230, squash=(0.3, 1, 1)),
            capsule((0.5 * length, 50, 600 * side), (0.5 * length, 200, wing * side), 420, 480, squash=(0.4, 1, 1)),
        ]
    return [*rows, capsule((0.5 * length, 1800, 0), (0.5 * length, 2500, 0), 220, 180, squash=(0.35, 1, 1))]


def caudal_rows(length: float, broad: float) -> list[Row]:
    """A vertebra of the tail; `broad` is 1 for the first, with processes, and 0 for the plain ones further down."""
    rows = _body(length, 430 + 120 * broad, 640 + 60 * broad, 1.05)
    if broad > 0.05:
        for side in (-1, 1):
            out = (700 + 1000 * broad) * side
            rows.append(capsule((0.5 * length, 0, 450 * side), (0.62 * length, 0, out), 300, 210, squash=(0.45, 1, 1)))
            rows.append(capsule((0.4 * length, 400, 350 * side), (0.5 * length, 1000 * broad, 250 * side), 220))
    rows.append(ellipsoid((250, 500, 0), (320, 330 + 150 * broad, 420)))
    return rows


def foot_rows() -> list[Row]:
    """Foot from the ankle's middle: z to the toes, y to the sole, x to the little toe."""
    rows = [
        ellipsoid((0, 0, 0), (640, 520, 520), blend=60),
        capsule((300, 50, -60), (1150, 0, -180), 380, 400, blend=120),
        capsule((900, 620, 350), (-1300, 1150, 150), 420, 470, blend=60),
    ]
    rows += [ellipsoid((1750, 180, x), (400, 400, 330), blend=20) for x in (-650, -50)]
    rows += [ellipsoid((2400, 250, x), (330, 380, 300), blend=20) for x in (-780, -260, 330)]
    rows.append(ellipsoid((1850, 480, 500), (550, 380, 330), blend=20))
    toes = ((-850, 5200, 240), (-430, 7400, 260), (0, 7900, 270), (430, 7600, 260), (850, 6400, 240))
    for x, length, radius in toes:
        rows += [
            capsule((3000, 280, x), (3000 + 0.86 * length, 120, 1.3 * x), radius, 0.9 * radius, blend=20),
            ellipsoid((3000 + 0.84 * length, 120, 1.3 * x), (330, 330, 300), blend=120),
            capsule((3350 + 0.9 * length, 150, 1.35 * x), (3300 + 1.2 * length, 300, 1.45 * x), 220, 180, blend=20),
            capsule((3600 + 1.22 * length, 330, 1.47 * x), (3500 + 1.38 * length, 450, 1.5 * x), 180, 150, blend=20),
        ]
    return rows
