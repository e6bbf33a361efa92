"""Outlines of goods on a board of 100 by 100: part, pen, points. Part is body, trim, dark or a hole. No real logo."""

SHAPES: dict[str, tuple[str, ...]] = {
    "bag": (
        "trim arc 28,5 72,70",
        "body polygon 14,40 86,40 92,92 8,92",
        "body polygon 12,40 88,40 80,64 20,64",
        "trim ellipse 44,58 56,70",
        "dark line 12,40 20,64 80,64 88,40",
    ),
    "tote": (
        "trim arc 22,2 48,60",
        "trim arc 52,2 78,60",
        "body polygon 6,30 94,30 84,96 16,96",
        "trim line 6,36 94,36",
        "trim line 16,90 84,90",
    ),
    "wallet": (
        "body polygon 4,26 96,22 97,78 5,80",
        "dark line 50,24 50,79",
        "trim ellipse 78,46 86,54",
    ),
    "trainer": (
        "body polygon 4,74 6,40 22,30 40,34 58,52 84,60 97,70 97,78",
        "trim polygon 2,74 98,74 96,88 4,88",
        "dark line 36,38 44,34",
        "dark line 43,45 51,40",
        "dark line 50,52 58,47",
        "trim polygon 14,66 30,52 52,66 46,70",
    ),
    "heel": (
        "body polygon 8,22 22,20 40,52 70,74 96,80 94,88 60,86 30,66",
        "trim polygon 8,22 18,40 14,92 8,92",
    ),
    "watch": (
        "body polygon 38,0 62,0 64,100 36,100",
        "trim ellipse 18,18 82,82",
        "dark ellipse 24,24 76,76",
        "trim line 50,50 50,32",
        "trim line 50,50 66,58",
        "trim ellipse 82,46 89,54",
    ),
    "jacket": (
        "body polygon 34,8 66,8 92,24 98,80 84,82 78,44 78,96 22,96 22,44 16,82 2,80 8,24",
        "trim line 50,10 50,96",
        "dark line 22,40 78,40",
        "dark line 22,58 78,58",
        "dark line 22,76 78,76",
        "trim polygon 34,8 66,8 60,16 40,16",
    ),
    "shirt": (
        "body polygon 34,10 66,10 96,28 86,48 76,40 76,94 24,94 24,40 14,48 4,28",
        "dark polygon 38,10 62,10 50,24",
        "trim ellipse 60,34 68,42",
    ),
    "belt": (
        "body ellipse 6,6 94,94",
        "hole ellipse 20,20 80,80",
        "trim polygon 38,78 64,78 64,99 38,99",
        "dark polygon 44,84 58,84 58,93 44,93",
    ),
    "cap": (
        "body polygon 10,60 16,34 38,20 62,22 80,40 82,60",
        "trim polygon 40,58 84,58 99,72 90,76 44,70",
        "dark ellipse 42,17 52,23",
    ),
    "scarf": (
        "body polygon 20,4 52,8 58,90 26,96",
        "body polygon 46,10 78,4 84,86 60,92",
        "trim line 26,92 58,86",
        "trim line 60,88 84,82",
    ),
    "bottle": (
        "body polygon 26,36 74,36 78,96 22,96",
        "dark polygon 40,8 60,8 60,36 40,36",
        "trim polygon 32,54 68,54 68,80 32,80",
    ),
    "glasses": (
        "dark ellipse 4,34 44,70",
        "dark ellipse 56,34 96,70",
        "trim line 44,48 56,48",
        "trim line 4,46 0,20",
        "trim line 96,46 99,20",
    ),
    "box": (
        "body polygon 10,30 60,20 92,34 92,84 44,96 10,80",
        "dark line 10,30 44,44 44,96",
        "dark line 44,44 92,34",
        "trim polygon 54,54 82,48 82,68 54,74",
    ),
    "frame": (
        "trim polygon 10,4 90,4 90,96 10,96",
        "body polygon 18,10 82,10 82,90 18,90",
    ),
    "barbell": (
        "dark line 2,50 98,50",
        "body polygon 10,24 20,24 20,76 10,76",
        "body polygon 80,24 90,24 90,76 80,76",
        "trim polygon 22,34 28,34 28,66 22,66",
        "trim polygon 72,34 78,34 78,66 72,66",
    ),
}
