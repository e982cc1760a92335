"""An equity curve as a small picture that any page shows."""

from collections.abc import Sequence

WIDTH, HEIGHT, EDGE = 720, 180, 10
MOST_POINTS = 360


def drawing(values: Sequence[float], title: str) -> str:
    """Return an SVG of values, oldest first, with the first as a dashed line; colours fit light and dark pages."""
    kept = _thinned(values)
    low, high = min(kept), max(kept)
    span = (high - low) or 1.0

    def height(value: float) -> float:
        return round(HEIGHT - EDGE - (value - low) / span * (HEIGHT - 2 * EDGE), 1)

    step = (WIDTH - 2 * EDGE) / max(1, len(kept) - 1)
    points = " ".join(f"{EDGE + number * step:.1f},{height(value)}" for number, value in enumerate(kept))
    start = height(kept[0])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n<title>{title}</title>\n'
        f'<path d="M{EDGE} {start}H{WIDTH - EDGE}" stroke="#888" stroke-dasharray="4 4" fill="none"/>\n'
        f'<polyline points="{points}" fill="none" stroke="#2f81f7" stroke-width="1.5"/>\n</svg>\n'
    )


def _thinned(values: Sequence[float]) -> list[float]:
    """Return the values, or of each stretch of many its lowest and highest in their order, so that no extreme is lost."""
    if len(values) <= MOST_POINTS:
        return list(values)
    size = -(-len(values) * 2 // MOST_POINTS)
    kept = [values[0]]
    for first in range(0, len(values), size):
        part = values[first : first + size]
        places = sorted({min(range(len(part)), key=part.__getitem__), max(range(len(part)), key=part.__getitem__)})
        kept += [part[place] for place in places]
    return [*kept, values[-1]]
