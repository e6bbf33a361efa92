"""A PDF, kept whole: a page printed to a file, an invoice, a letter. Nothing is read in it but what it says of itself."""

from __future__ import annotations

import re

from crawler.handed_in._parts import Contents, File, printable

KIND = "pdf"
_SAYS = {
    "title": rb"/Title\s*\(([^()\\]{1,300})\)",
    "saved_by": rb"/Producer\s*\(([^()\\]{1,200})\)",
    "saved_at": rb"/CreationDate\s*\((D:[^()\\]{4,40})\)",
}


def is_mine(file: File) -> bool:
    return b"%PDF-" in file.head[:1024]  # ISO 32000 allows something before it


def read(file: File) -> Contents:
    claims = {name: printable(found[1].decode("latin-1")) for name, pattern in _SAYS.items() if (found := re.search(pattern, file.body))}
    cut = () if b"%%EOF" in file.body[-2048:] else ("it is cut off: its end is missing",)
    return Contents(KIND, file.body, "application/pdf", (), claims, cut)
