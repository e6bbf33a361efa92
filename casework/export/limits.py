"""What a pack does not prove. The same words stand in the pack, in docs/limits.md (held by a test) and at the end of the summary."""

from __future__ import annotations

LIMITS: tuple[tuple[str, str], ...] = (
    (
        "Who runs the account is not shown",
        "A faithful capture of a page shows what a server answered. It does not show who wrote it or who runs the "
        "account (R v Bucknor [2010] EWCA Crim 1152: a conviction was quashed where the author of web pages was "
        "not shown). Attribution needs evidence of its own: payment account, delivery or return address, a seized "
        "device, an admission, a reply of the platform. This pack holds none of these; where it links a seller to "
        "premises, that link is a proposal for a person to test.",
    ),
    (
        "Whether the goods are counterfeit is not shown",
        "No examination of goods is part of this pack. Scores, findings, flags and links are opinions of software, "
        "put to an officer as a reason to look. They are no evidence of what the goods are. That is "
        "for a witness of the brand owner, or another expert, who has seen them.",
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
        "from, nor that the goods are the same or are fakes. Anybody can make a drawing again from the two files "
        "with that program; with other versions of it or of its libraries, or another kind of processor, it may "
        "come out otherwise, which is no sign of a change. verify.py does not make drawings again. Another "
        "listing's picture that was handed in or told to the authority is here only where that listing is an "
        "exhibit itself, and so is its drawing.",
    ),
    (
        "No trusted time",
        "No time-stamping authority has stamped this pack. All times are those of the capturing machine's own clock. How "
        "far that clock was off when a crawl began stands with its run, as measured against the time server that is "
        'configured or as the machine\'s kernel knew it; where neither could tell, it says "unknown". Nobody has attested '
        "that measurement. The chain of the log shows in which order things were recorded, and no more.",
    ),
    (
        "No signature",
        "The pack is not signed. That it is the pack which was sealed is shown only by its head, the digest "
        "printed at export, where that was written down elsewhere at the time.",
    ),
    (
        "Headers are as the library reported them",
        "Request and response headers are those that the HTTP library gave: their order and letter case may "
        "differ from the wire, and HTTP/2 has none of the old form. Kept beside them, where the library gave it: the "
        "server's address, the IPv4 addresses that its name led to, the digest of its TLS certificate and of the others "
        "that it showed. The certificates themselves, IPv6 addresses and the address from which we asked are not "
        "kept. A browser tells neither the name's answer nor the certificate's digest: that one then stands as \"unknown\".",
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
        "listing is not. This pack is not redacted: whoever passes it on must consider that.",
    ),
    (
        "The log covers what goes through the software",
        "The chain shows that no recorded event was changed, taken out or put in before the head that was quoted. "
        "Somebody with direct access to the database or its machine could read without leaving an event, or could "
        "write a whole new history before a head was ever quoted. Events of other matters are given as digests "
        "only and cannot be read here.",
    ),
    (
        "What was not examined",
        "Not everything was examined by every method. README.html and gaps.json list what was not possible, what "
        "failed and what was left out. Where a method found nothing, that is no evidence that there is nothing.",
    ),
    (
        "Premises are from published registers",
        "Register entries are copies of what a public register said on the date given. A position may be "
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
