"""Makes the samples' raster images out of noise: the almanac's moon, and the covers of the tape. Nothing is drawn from a photograph.

Needs `pip install numpy pillow`; run it from this folder.
"""

import numpy as np
from PIL import Image

rng = np.random.default_rng(1969)


def noise(size, cells):
    """Smooth noise from -1 to 1 with so many cells a side."""
    grid = rng.standard_normal((cells + 2, cells + 2))
    at = np.linspace(0, cells, size, endpoint=False)
    whole = at.astype(int)
    part = at - whole
    part = part * part * (3 - 2 * part)
    rows = grid[whole] * (1 - part)[:, None] + grid[whole + 1] * part[:, None]
    return rows[:, whole] * (1 - part)[None] + rows[:, whole + 1] * part[None]


def clouds(size, first, octaves, falling=0.5):
    return sum(noise(size, first * 2**n) * falling**n for n in range(octaves))


def moon(size=640):
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    x, y = x * 1.01, y * 1.01
    r = np.sqrt(x * x + y * y)
    z = np.sqrt(np.clip(1 - r * r, 0, 1))
    height = clouds(size, 5, 5, 0.5) * 0.012
    seas = clouds(size, 2, 4)
    albedo = 0.82 - 0.36 / (1 + np.exp(-(seas - 0.25) * 6)) + clouds(size, 16, 4) * 0.025
    # Craters: a bowl with a rim, foreshortened towards the limb; the young ones have rays.
    for n in range(420):
        cx, cy = rng.uniform(-1, 1, 2)
        if cx * cx + cy * cy > 0.93:
            continue
        radius = 0.006 + 0.07 * rng.random() ** 7
        cz = np.sqrt(1 - cx * cx - cy * cy)
        d = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / radius
        height += radius * 0.5 * np.where(d < 1.8, np.where(d < 1, d**2 - 1, 0) * 0.5 + np.exp(-((d - 1) ** 2) * 22) * 0.55, 0)
        if radius > 0.03 and n % 3 == 0:
            angle = np.arctan2(y - cy, x - cx)
            rays = np.clip(np.sin(angle * 9 + n) * np.sin(angle * 5 + 2 * n), 0, 1) ** 2
            albedo += 0.12 * np.exp(-d / 4) + 0.09 * rays * np.exp(-d / 7)
    gy, gx = np.gradient(height, 2 / size)
    light = np.clip(1 - (gx * 0.42 + gy * 0.3), 0.7, 1.25)
    shade = albedo * light * (0.62 + 0.38 * z**0.55)
    rgb = np.stack([shade * 250, shade * 246, shade * 236], -1)
    alpha = np.clip((1 - r) * size / 2, 0, 1) * 255
    image = np.dstack([np.clip(rgb, 0, 255), alpha]).astype(np.uint8)
    Image.fromarray(image, "RGBA").save("../samples/almanac/files/assets/moon.webp", quality=82, method=6)


def cover(name, stops, bend, bands, size=560):
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    warp = clouds(size, 2, 4, 0.45) * bend
    field = y * 0.9 + warp + 0.06 * np.sin(x * 7 + warp * 12)
    level = np.floor(field * bands) / bands
    edge = (field * bands) % 1
    at = np.clip(level * 0.9 + 0.05, 0, 1)
    places = np.linspace(0, 1, len(stops))
    rgb = np.stack([np.interp(at, places, [s[c] for s in stops]) for c in range(3)], -1)
    rgb *= (0.90 + 0.14 * edge + 0.015 * rng.standard_normal((size, size)))[..., None]
    Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8)).save(f"../samples/tape/files/covers/{name}.webp", quality=80, method=6)


moon()
cover("low-tide", [(12, 32, 48), (20, 84, 110), (70, 160, 165), (238, 214, 170), (250, 240, 222)], 0.20, 14)
cover("night-bus", [(18, 12, 38), (66, 26, 92), (190, 50, 100), (250, 130, 80), (255, 214, 130)], 0.26, 11)
cover("greenhouse", [(10, 32, 26), (22, 84, 58), (96, 150, 70), (214, 206, 110), (250, 240, 208)], 0.32, 16)
