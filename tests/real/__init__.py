"""The same path over real input: saved pages of real sites and real adverts, read from ../shared/data at run time and served on loopback.

Nothing of that data lies here or is copied here: not a row, not a name. What lies here are facts about how those sites' pages were built.
"""
