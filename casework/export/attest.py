"""What vouches for a pack, in its folder export/: the validation record, the signature over head.json, the authority's stamp on it, the signed heads of
the log; and a page and a text that say how each is checked without us.

None of it follows from the case alone, so none is in the pack's manifest. What is not there has its reason in attest.json, and on the page. All
files of the folder but attest.json, its signature and the manifest stand in attest.json by digest: what it signs is the folder.
"""

from __future__ import annotations

import html
import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework import heads, keys, stamps, validation, verify
from casework.export import bag, render
from casework.export.shown import shown_time
from store.errors import TouchstoneError
from store.trust import fingerprint_of
from store.words.records import canonical

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from casework.export.making import Making
    from casework.verify import Pack

FORMAT = verify.ATTEST_FORMAT
ATTEST, SIGNATURE, KEY = "attest.json", "attest.json.sig", "key.pem"
HEAD_SIGNATURE, STAMP, ROOT, CHAIN = "head.json.sig", "head.json.tsr", "authority-root.pem", "authority-chain.pem"
VALIDATION, HEADS, TEXT, PAGE, BANNER = "validation.json", "log-heads.jsonl", "CHECK.txt", "index.html", "status.svg"
ALARM = "WARNING.txt"


def attest(making: Making) -> None:
    """Write what vouches for the pack into `making.export`. What cannot be had is no hindrance: its reason is written in its place."""
    folder, head = making.export, (making.folder / bag.HEAD).read_bytes()
    record = validation.record(making.home)
    (folder / VALIDATION).write_bytes(canonical(record) + b"\n")
    signer, unsigned = _signer(making)
    if signer:
        (folder / HEAD_SIGNATURE).write_bytes(signer.sign(head))
        (folder / KEY).write_text(signer.public_pem)
    time = _stamp(making, head)
    _heads(making, signer is not None)
    warnings = validation.warnings(record)
    said = {
        "format": FORMAT, "case": making.seal.case, "head": making.head, "key": signer.fingerprint if signer else None, "no_signature": unsigned,
        "trusted_time": time if "at" in time else None, "no_trusted_time": time.get("why", ""), "warnings": warnings,
    }  # fmt: skip
    (folder / TEXT).write_text(check_text(said), encoding="utf-8")
    (folder / BANNER).write_text(banner(warnings), encoding="utf-8")
    if warnings:
        (folder / ALARM).write_text("".join(f"WARNING. {warning}\n" for warning in warnings), encoding="utf-8")
    export = json.loads((folder / "export.json").read_bytes())
    actor = making.store.actor(making.actor)
    context = {
        "said": said,
        "record": record,
        "export": export,
        "commands": check_text(said),
        "time": shown_time,
        "actor": actor,
        "event": making.event,
    }
    (folder / PAGE).write_text(render.sheet_text("attest.html", context), encoding="utf-8")
    said["files"] = {name: bag.sha256_file(path) for name, path in bag.files(folder)}
    (folder / ATTEST).write_bytes(canonical(said))
    if signer:
        (folder / SIGNATURE).write_bytes(signer.sign(canonical(said)))
    making.notes.extend(f"WARNING: {warning}" for warning in warnings)
    making.notes.append(f"Signed with the key {signer.fingerprint}" if signer else f"Not signed: {unsigned}")
    making.notes.append(f"Trusted time: {time['at']}, by {time['authority']}" if "at" in time else f"No trusted time: {time['why']}")


def _signer(making: Making) -> tuple[keys.Signer | None, str]:
    try:
        return keys.signer_of(making.store, making.home, making.actor), ""
    except keys.NoKey as error:
        return None, _without_paths(making, str(error))


def _stamp(making: Making, head: bytes) -> dict[str, Any]:
    """The facts of the stamp on head.json, its files written; or `why` there is none."""
    try:
        stamp = stamps.ask(making.home, head)
    except stamps.NoTrustedTime as error:
        return {"why": _without_paths(making, str(error))}
    certificates = ["-----BEGIN" + part for part in stamp.chain.split("-----BEGIN")[1:]]
    (making.export / STAMP).write_bytes(stamp.answer)
    (making.export / ROOT).write_text(certificates[-1])
    (making.export / CHAIN).write_text(stamp.chain)
    return stamp.facts()


def _heads(making: Making, can_sign: bool) -> None:
    """The log's head is signed at each export; of all signed heads those that the pack's own log reaches are in it."""
    end = json.loads((making.export / "export.json").read_bytes())["log"]
    if can_sign:
        try:
            heads.sign(making.store, making.home, making.actor, head=(end["seq"], end["head"]))
        except TouchstoneError as error:
            making.notes.append(f"The log's head was not signed: {error}")
    found = heads.lines(making.store, upto=end["seq"])
    if found:
        (making.export / HEADS).write_text("".join(f"{line}\n" for line in found), encoding="utf-8")


def _without_paths(making: Making, text: str) -> str:
    """The reason without where the key or a file lies on this machine."""
    return text.replace(f"{making.home.folder}/", "").replace(str(Path.home()), "~")


def check_text(said: Mapping[str, Any]) -> str:
    """CHECK.txt: the commands that check signature and stamp without Touchstone, or why there is none. A test runs them as they stand."""
    lines = [
        f"How to check who made this pack, and when. Case {said['case']}.",
        "Run what stands indented in the pack's folder (the one that holds head.json)."
        + (" It needs OpenSSL 3 and nothing of ours." if said["key"] or said["trusted_time"] else ""),
        "",
        "The pack's head: compare it with the one quoted on paper.",
        "    sha256sum head.json",
        "",
    ]
    for warning in said["warnings"]:
        lines[0:0] = [f"WARNING: {warning}", ""]
    if said["key"]:
        lines += [
            "The key: compare its fingerprint with the one that the authority published elsewhere. Without that comparison a signature shows nothing.",
            f"    openssl pkey -pubin -in export/{KEY} -outform DER | sha256sum",
            "",
            "The signature over head.json, and that over export/attest.json, which lists the other files of export/:",
            f"    openssl pkeyutl -verify -rawin -pubin -inkey export/{KEY} -in head.json -sigfile export/{HEAD_SIGNATURE}",
            f"    openssl pkeyutl -verify -rawin -pubin -inkey export/{KEY} -in export/{ATTEST} -sigfile export/{SIGNATURE}",
            "",
        ]
    else:
        lines += ["NO SIGNATURE. This copy is not signed: that it is the pack which was sealed is shown by the head on paper alone.", ""]
    if said["trusted_time"]:
        lines += [
            f"The time stamp. In place of export/{ROOT} use the root certificate that you got from the time-stamping authority itself.",
            f"    openssl ts -verify -data head.json -in export/{STAMP} -CAfile export/{ROOT} -untrusted export/{CHAIN}",
            f"    openssl ts -reply -in export/{STAMP} -text",
            "Once its certificates have expired, check as of the time of the stamp: add -attime SECONDS (of the epoch) to the first.",
        ]
    else:
        lines.append(f"NO TRUSTED TIME: {said['no_trusted_time']}. When this copy was made is its own machine's word.")
    return "\n".join(lines).rstrip() + "\n"


def banner(warnings: list[str]) -> str:
    """A picture for the first lines of README.html, which itself says nothing of an export: whether the self-test passed, and which warnings there are."""
    fill, ink = ("#b10e1e", "#ffffff") if warnings else ("#f3f2f1", "#0b0c0c")
    lines = [part for warning in warnings for part in textwrap.wrap(f"WARNING. {warning}", 80)] or [
        "The software's basic self-test passed when this copy was made. It does not test",
        "whether the opinions of its methods (findings, flags, links) are right.",
    ]
    words = "".join(f'<text x="14" y="{26 + 22 * n}">{html.escape(line)}</text>' for n, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="940" height="{16 + 22 * len(lines)}" role="img">'
        f'<rect width="100%" height="100%" fill="{fill}"/><g font-family="sans-serif" font-size="15" font-weight="bold" fill="{ink}">{words}</g></svg>\n'
    )


# -- the check -----------------------------------------------------------------------------------------------------------------
class Check:
    """The check of a pack's signature, stamp and signed heads: `Check(fingerprints, certificates)` is what casework/verify.py calls with the pack,
    once it has held the files of export/ against attest.json. What is read is what it read: plain files, and no pipe or link.

    `fingerprints` of keys as published elsewhere: without any, a signature is held against the key beside it, which shows nothing of who made it.
    `certificates`: roots of the time-stamping authority, got from it; None for that beside the stamp.
    """

    def __init__(self, fingerprints: Sequence[str] = (), certificates: Sequence[Certificate] | None = None) -> None:
        self.fingerprints, self.certificates = fingerprints, certificates

    def __call__(self, pack: Pack) -> None:
        self.head, self.pack = pack.read(bag.HEAD), pack
        self.checked: list[str] = []
        self.unchecked: list[str] = []
        self.run()
        pack.report.checked += self.checked
        pack.report.not_checked[:0] = self.unchecked

    def wrong(self, name: str, what: str) -> None:
        self.pack.problem(f"{bag.EXPORT}/{name}", what)

    def read(self, name: str) -> bytes:
        return self.pack.read(f"{bag.EXPORT}/{name}")

    def run(self) -> None:
        try:
            said = json.loads(self.read(ATTEST))
            if said["format"] != FORMAT or canonical(said) != self.read(ATTEST):
                raise ValueError("it is not in its one form")
            steps = (self.signature, self.made_again, self.time, self.heads)
        except Exception as error:
            self.wrong(ATTEST, f"it cannot be read ({error})")
            return
        for step in steps:
            try:
                step(said)
            except Exception as error:  # whatever a hostile file makes a library raise
                self.wrong(ATTEST, f"what it says cannot be followed ({type(error).__name__}: {error})")

    def signature(self, said: Mapping[str, Any]) -> None:
        problems = len(self.pack.report.problems)
        self.signed(said)
        if not self.fingerprints or len(self.pack.report.problems) > problems:
            self.unchecked.append(verify.OF_THE_COPY)

    def signed(self, said: Mapping[str, Any]) -> None:
        if f"{bag.EXPORT}/{HEAD_SIGNATURE}" not in self.pack.files:
            if self.fingerprints or said["key"]:
                self.wrong(
                    HEAD_SIGNATURE,
                    "it is missing: the pack is not signed by the key whose fingerprint was given"
                    if self.fingerprints
                    else "it is missing",
                )
            else:
                self.unchecked.append("who made the pack: it is not signed")
            return
        public = self.read(KEY).decode("utf-8")
        own = fingerprint_of(public)
        for name, data in ((HEAD_SIGNATURE, self.head), (SIGNATURE, self.read(ATTEST))):
            if not keys.signed_by(public, self.read(name), data):
                self.wrong(name, "the signature does not hold: what it was made over was changed, or it was made with another key")
        if own != said["key"]:
            self.wrong(KEY, f"it is not the key that {ATTEST} names")
        if not self.fingerprints:
            self.unchecked.append(
                f"who signed the pack: the signature holds with the key in it, whose fingerprint is {own}; compare that with the one published elsewhere, or give it (--key)"
            )
        elif own not in self.fingerprints:
            self.wrong(KEY, f"the pack is signed by another key, {own}: this is not the key whose fingerprint was given")
        else:
            self.checked.append(f"the signatures over {bag.HEAD} and {bag.EXPORT}/{ATTEST}, by the key {own}")

    def made_again(self, said: Mapping[str, Any]) -> None:
        """What of export/ follows from attest.json and the validation record."""
        for name, text in ((TEXT, check_text(said)), (BANNER, banner(said["warnings"]))):
            if self.read(name).decode("utf-8") != text:
                self.unchecked.append(f"{bag.EXPORT}/{name}: this version of Touchstone would write it otherwise; read {ATTEST}")
        record = json.loads(self.read(VALIDATION))
        if validation.warnings(record) != said["warnings"]:
            self.wrong(VALIDATION, f"its warnings are not those of {ATTEST}")

    def time(self, said: Mapping[str, Any]) -> None:
        stamped = said["trusted_time"]
        if stamped is None:
            if self.certificates is not None:
                self.wrong(STAMP, "it is missing: the pack has no time stamp, and an authority's certificates were given")
            self.unchecked.append(verify.NO_TIME)
            return
        try:
            beside = stamps.certificates_of(self.read(CHAIN).decode("utf-8"))
            roots = beside if self.certificates is None else self.certificates
            found = stamps.check(self.read(STAMP), self.head, roots, between=beside)
        except stamps.NoTrustedTime as error:
            self.wrong(STAMP, str(error))
            return
        if {**found.facts(), "asked_at": None, "answered_at": None} != {**stamped, "asked_at": None, "answered_at": None}:
            self.wrong(STAMP, f"it does not say what {ATTEST} says of it")
        self.checked.append(f"the stamp: {bag.HEAD} was there at {found.facts()['at']}, by the clock of {found.authority}")
        if self.certificates is None:
            self.unchecked.append(
                f"whose stamp it is: its root is that beside it, with the fingerprint {found.root}; give the authority's own (--authority)"
            )

    def heads(self, said: Mapping[str, Any]) -> None:
        if f"{bag.EXPORT}/{HEADS}" not in self.pack.files:
            self.unchecked.append("that the log was signed day by day: no signed head of it is in the pack")
            return
        found = heads.check(self.read(HEADS).decode("utf-8").splitlines(), self.pack.chains.get, self.fingerprints, self.certificates)
        for each in found.problems:
            self.wrong(HEADS, each)
        by = "the key given" if self.fingerprints else "the keys beside them"
        self.checked.append(
            f"{found.heads} signed heads of the log against its chain in this pack: {found.signed} signed by {by}, {found.stamped} stamped"
        )
        if found.others:
            self.unchecked.append(f"signed heads by other keys, whose fingerprints were not given: {', '.join(found.others)}")
