"""What a pack does not prove. The same words stand in the pack, in docs/limits.md (held by a test) and at the end of the summary."""

from __future__ import annotations

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "Who runs an account is not shown by its pages",
        "A faithful capture of a page shows what a server answered. It does not show who wrote it or who runs the "
        "account (R v Bucknor [2010] EWCA Crim 1152: a conviction was quashed where the author of web pages was "
        "not shown). Attribution needs evidence of its own: payment account, delivery or return address, a seized "
        "device, an admission, a reply of the platform. attribution.html says for each account of the case what of this was "
        'recorded and whether a person judged it to be shown; without that it says "not shown". Likeness to other accounts '
        "never counts. A link between an account and premises, or between two accounts, is a program's proposal. Where it says that a person confirmed "
        "it, that person agreed that its reasons join the two, and no more. Neither shows who is behind an account.",
    ),
    (
        "Whether the goods are counterfeit is not shown",
        "The software has examined no goods. Scores, findings, flags and links are its opinions, "
        "put to an officer as a reason to look. They are no evidence of what the goods are. That is "
        "for a witness of the brand owner, or another expert, who has seen them; where such a statement was handed in to the case, it lies in "
        "files/ and speaks for itself.",
    ),
    (
        "Whether what a page said was true is not shown",
        "Prices, names, places and pictures are what the page said and showed. A seller may show other people's "
        "pictures, and a page may say what it likes.",
    ),
    (
        "What the drawing of a match shows",
        "A drawing shows which places of two picture files agree, by the program that its row in "
        "data/rows/matches.jsonl names. That two files show one photograph says nothing of where either seller has it "
        "from, nor that the goods are the same or are fakes. Of many places that agree it draws no more than 60. That two pictures seem to be "
        "of one place is not drawn. Anybody can make a drawing again from the two files "
        "with that program; with other versions of it or of its libraries, or another kind of processor, it may "
        "come out otherwise, which is no sign of a change. verify.py does not make drawings again. Another "
        "listing's picture that was handed in or told to the authority is here only where that listing is an "
        "exhibit itself, and so is its drawing.",
    ),
    (
        "Trusted time",
        "All times in this pack are those of the capturing machine's own clock. How "
        "far that clock was off when a crawl began stands with its run, as measured against the time server that is "
        'configured or as the machine\'s kernel knew it; where neither could tell, it says "unknown". Nobody has attested '
        "that measurement. The chain of the log shows in which order things were recorded, and no more. Where a time-stamping "
        "authority has stamped this copy of the pack, or a signed head of the log, that shows that it was there at the "
        "authority's time, and so that nothing in it was made later. It shows nothing of how long before. Where none has, "
        "export/attest.json says that there is no trusted time, and why.",
    ),
    (
        "Signature",
        "Where this copy of the pack is signed, the signature shows that somebody had the private key, and that head.json is "
        "as it was then. Whose key it is, is shown by its fingerprint alone, published elsewhere: the key that lies in the "
        "pack shows nothing. Who could use the key at the authority is for its records. Where the pack is not signed, "
        "export/attest.json says so; that it is the pack which was sealed is then shown only by its head, the digest "
        "printed at export, where that was written down elsewhere at the time.",
    ),
    (
        "That the software worked",
        "export/validation.json says what a self-test found when this copy was made, with which versions, and which faults are "
        "known. A fixed input that gives its known answer shows that this part worked on that machine then. It is no "
        "validation by anybody else, it does not cover everything, and a list of known faults does not hold the unknown.",
    ),
    (
        "What an authority holds beside",
        "A pack has what its exhibits rest on and what was recorded of the case. Other material that may be relevant is on the authority's disclosure "
        "schedules (CPIA 1996), which are no part of a pack; that something is not here says nothing of whether it exists.",
    ),
    (
        "What can be checked without the software",
        "Every digest, the chain of the log and what belongs to what can be checked by verify.py alone. Not so: that README.html, summary.pdf and the views "
        "say what the rows say; that the drawings are what their pictures give (`touchstone verify PACK --pictures` makes them again); and that a method "
        "gives the same opinion again, which takes the software in the version named.",
    ),
    (
        "What came after the seal is not here",
        "The pack shows the case as it stood at one event of the log. What was recorded, judged, corrected or withdrawn later is not in it; "
        "what was erased later is named in gaps.json. export/log.jsonl has the events from the seal to the making of this copy.",
    ),
    (
        "What officers recorded is their statement",
        "When a visit, a warning or a test purchase happened, what was seen and how a file was obtained is what the officer recorded; the software shows "
        "when it was recorded and that it was not changed since. What a photograph says of its own time and place is a claim of its camera.",
    ),
    (
        "Headers are as the library reported them",
        "Request and response headers are those that the HTTP library gave: their order and letter case may "
        "differ from the wire, and HTTP/2 has none of the old form. Kept beside them, where the library gave it: the "
        "server's address, the IPv4 addresses that its name led to, the digest of its TLS certificate and of the others "
        "that it showed. The certificates themselves, IPv6 addresses and the address from which we asked are not "
        "kept. A browser tells neither the name's answer nor the certificate's digest, and of the document that it rendered no HTTP version: "
        'what is not known stands as "unknown".',
    ),
    (
        "Secrets were taken out",
        "Cookies, tokens and keys in headers, addresses and request bodies were replaced by a marker before "
        "anything was written. What a server put into a body is untouched.",
    ),
    (
        "A page may differ for others",
        "Servers answer differently by place, time, device and person. A capture is what this machine was given, "
        "as a program that names itself. A page that a browser rendered is kept as the document after its scripts "
        "ran. A screenshot is how Chromium without a window drew that page, at one width, cut off below 16,000 pixels, without the "
        "site's own fonts and films, and without pictures of hosts that the source does not name; pictures in it that "
        "were kept within a day before are shown from the archive, and the capture says which. Listings without a "
        "screenshot have none. The views in this pack load no style sheets, so that they look plainer than the page did.",
    ),
    (
        "Other people's data",
        "A page is kept whole, so that a page of search results shows other sellers too. Where a finding says that a "
        "picture matches another seller's, that seller's picture is here with whatever its camera wrote into it, though the "
        "listing is not. Photographs that officers took may show people. This pack is not redacted: whoever passes it on must consider that. "
        "The authority named on its first page is the controller of the personal data in it. On which lawful basis it processes them, how this copy is to "
        "be marked and handled, for how long it may be kept and to whom a data subject turns is not in the pack: the authority says.",
    ),
    (
        "The log covers what goes through the software",
        "The chain shows that no recorded event was changed, taken out or put in before the head that was quoted. "
        "Somebody with direct access to the database or its machine could read without leaving an event, or could "
        "write a whole new history before a head was ever quoted. Events of other matters are given as digests "
        "only and cannot be read here; so are those of the case that speak of what is kept out of packs. The event of a row that a person recorded "
        "commits to all that it says. With the salts of the exhibits, which are in the pack, verify.py computes theirs anew; for the other rows the "
        "salts stay in the store, since some of what was committed to is held back, and the authority can show that they agree.",
    ),
    (
        "What was not examined",
        "Not everything was examined by every method. README.html and gaps.json list what was not possible, what "
        "failed, what was left out, and how much the runs met and did not read. Where a method found nothing, that is no evidence that there is nothing. Contacts are read in "
        "a listing's title, its description and its pictures; those in a page's data for machines, its links and its foot are not read as the listing's.",
    ),
    (
        "Premises are from registers",
        "Register entries are copies of what a register that was loaded said on the date given; whose it is, its licence says. A position may be "
        "approximate, a business may have moved, and two businesses may share an address.",
    ),
    (
        "Which law",
        "Where this pack or its software speaks of the law it means that of England and Wales. It is not legal "
        "advice, and a lawyer of the authority must check its use.",
    ),
)


def markdown() -> str:
    body = "".join(f"## {title}\n\n{text}\n\n" for title, text in LIMITS)
    return f"# What this pack does not prove\n\n{body}".rstrip() + "\n"
