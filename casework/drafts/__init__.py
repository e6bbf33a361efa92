"""Drafts for people to complete and sign: what each says is here, how it looks is casework/documents, that it is kept is `keeping`.

A draft says what the record says was done and seen, in plain sentences, and leaves blank what the record does not know. No opinion of a machine
and no score is in any of them, and nothing is sent: files are written, and a person carries them.
"""

from __future__ import annotations

from casework.drafts.brand import brand_request
from casework.drafts.keeping import Issued, Made, issue
from casework.drafts.lists import continuity, exhibit_list
from casework.drafts.notice import Form, forms, notice
from casework.drafts.statement import DECLARATION, Witness, statement

__all__ = [
    "DECLARATION", "Form", "Issued", "Made", "Witness", "brand_request", "continuity", "exhibit_list", "forms", "issue", "notice", "statement",
]  # fmt: skip
