"""Makes samples/almanac/files/assets/fonts/lunar-dots.woff2: a dot matrix typeface, drawn here and nowhere else.

Every letter is a grid of five by seven dots. Needs `pip install fonttools brotli`; run it from this folder.
"""

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

TARGET = "../samples/almanac/files/assets/fonts/lunar-dots.woff2"
UNIT, RADIUS = 100, 46

# Rows from the top; a digit is a row's five dots in binary.
GLYPHS = {
    "A": "0e 11 11 1f 11 11 11", "B": "1e 11 11 1e 11 11 1e", "C": "0e 11 10 10 10 11 0e", "D": "1e 11 11 11 11 11 1e",
    "E": "1f 10 10 1e 10 10 1f", "F": "1f 10 10 1e 10 10 10", "G": "0e 11 10 17 11 11 0f", "H": "11 11 11 1f 11 11 11",
    "I": "0e 04 04 04 04 04 0e", "J": "07 02 02 02 02 12 0c", "K": "11 12 14 18 14 12 11", "L": "10 10 10 10 10 10 1f",
    "M": "11 1b 15 15 11 11 11", "N": "11 19 15 13 11 11 11", "O": "0e 11 11 11 11 11 0e", "P": "1e 11 11 1e 10 10 10",
    "Q": "0e 11 11 11 15 12 0d", "R": "1e 11 11 1e 14 12 11", "S": "0f 10 10 0e 01 01 1e", "T": "1f 04 04 04 04 04 04",
    "U": "11 11 11 11 11 11 0e", "V": "11 11 11 11 11 0a 04", "W": "11 11 11 15 15 15 0a", "X": "11 11 0a 04 0a 11 11",
    "Y": "11 11 0a 04 04 04 04", "Z": "1f 01 02 04 08 10 1f",
    "0": "0e 11 13 15 19 11 0e", "1": "04 0c 04 04 04 04 0e", "2": "0e 11 01 06 08 10 1f", "3": "1f 02 04 02 01 11 0e",
    "4": "02 06 0a 12 1f 02 02", "5": "1f 10 1e 01 01 11 0e", "6": "06 08 10 1e 11 11 0e", "7": "1f 01 02 04 08 08 08",
    "8": "0e 11 11 0e 11 11 0e", "9": "0e 11 11 0f 01 02 0c",
    ".": "00 00 00 00 00 0c 0c", ",": "00 00 00 00 0c 04 08", ":": "00 0c 0c 00 0c 0c 00", "-": "00 00 00 1f 00 00 00",
    "%": "18 19 02 04 08 13 03", "/": "00 01 02 04 08 10 00", "+": "00 04 04 1f 04 04 00", "'": "0c 04 08 00 00 00 00",
    "!": "04 04 04 04 04 00 04", "?": "0e 11 01 02 04 00 04", "&": "0c 12 14 08 15 12 0d", "°": "0e 0a 0e 00 00 00 00",
}


def dot(pen, x, y, r):
    """A circle of four quadratic corners, close enough for a dot."""
    k = r * 0.5523 * 1.15
    pen.moveTo((x + r, y))
    for (ax, ay), (bx, by) in [((r, k), (0, r)), ((-k, r), (-r, 0)), ((-r, -k), (0, -r)), ((k, -r), (r, 0))]:
        pen.qCurveTo((x + ax, y + ay), (x + (bx if bx else ax * 0.55), y + (by if by else ay * 0.55)), (x + bx, y + by))
    pen.closePath()


def columns(char, rows):
    """The first and the last column in use. Figures keep all five, so that they stand in line."""
    used = 0
    for row in rows.split():
        used |= int(row, 16)
    if char.isdigit() or not used:
        return 0, 4
    return 5 - used.bit_length(), 4 - ((used & -used).bit_length() - 1)


def draw(char, rows):
    pen = TTGlyphPen(None)
    first, _ = columns(char, rows)
    for line, row in enumerate(int(row, 16) for row in rows.split()):
        for column in range(5):
            if row >> (4 - column) & 1:
                dot(pen, (column - first + 1) * UNIT, (6 - line) * UNIT + UNIT // 2, RADIUS)
    return pen.glyph()


def advance(char, rows):
    first, last = columns(char, rows)
    return (last - first + 2) * UNIT + 20


empty = TTGlyphPen(None).glyph()
names = {char: f"u{ord(char):04x}" for char in GLYPHS}
NOTDEF = "1f 11 11 11 11 11 1f"
glyphs = {".notdef": draw("?", NOTDEF), "space": empty, **{names[char]: draw(char, rows) for char, rows in GLYPHS.items()}}
widths = {".notdef": 620, "space": 380, **{names[char]: advance(char, rows) for char, rows in GLYPHS.items()}}
cmap = {0x20: "space", 0xA0: "space", **{ord(char): name for char, name in names.items()}}
cmap.update({ord(char.lower()): name for char, name in names.items() if char.isalpha()})
cmap[0x2019] = names["'"]

font = FontBuilder(1000, isTTF=True)
font.setupGlyphOrder(list(glyphs))
font.setupCharacterMap(cmap)
font.setupGlyf(glyphs)
font.setupHorizontalMetrics({name: (widths[name], 0) for name in glyphs})
font.setupHorizontalHeader(ascent=800, descent=-200)
font.setupNameTable({"familyName": "Lunar Dots", "styleName": "Regular", "licenseDescription": "MIT OR Apache-2.0"})
font.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
font.setupPost()
font.font.flavor = "woff2"
font.save(TARGET)
