"""Disclosure (CPIA 1996): the schedules of a case's material, item by item, and a redacted copy of what is disclosed."""
