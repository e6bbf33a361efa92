"""How far this machine's clock is off: what a time server answers where one is configured, else what the kernel knows of it.

Offsets are seconds to be added to our times to have the true ones; `bound` is how far the offset itself may be off.
"""

from __future__ import annotations

import ctypes
import math
import secrets
import socket
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

UNKNOWN = "unknown"
TIMEOUT = 3.0  # seconds
ERA = 2**32  # seconds after which NTP's count begins anew
EPOCH = 2_208_988_800  # seconds from NTP's 1900 to Unix's 1970
STA_UNSYNC, STA_NANO = 0x0040, 0x2000


def measure(server: str | None = None) -> dict[str, Any]:
    """`offset` and `bound` in seconds, `by` whom; an `offset` of "unknown" with the `problem` where it cannot be told. Never raises."""
    kernel = from_kernel()
    if server is None:
        return kernel
    try:
        return {**from_server(server), "kernel": kernel}
    except (OSError, ValueError) as error:
        asked = {"by": f"sntp {server}", "problem": str(error) or type(error).__name__}
        return {**kernel, "asked": asked}


def sentence(clock: Mapping[str, Any]) -> str:
    """A run's clock in words."""
    offset = clock.get("offset", UNKNOWN)
    if offset == UNKNOWN:
        return "how far it was off is unknown" + (f" ({clock['problem']})" if clock.get("problem") else "")
    return f"{abs(offset):.6f} s {'slow' if offset >= 0 else 'fast'}, within {clock['bound']:.6f} s, by {clock['by']}"


# -- the kernel ----------------------------------------------------------------------------------------------------------------
class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("constant", "precision", "tolerance", "seconds", "fraction", "tick", "ppsfreq", "jitter")),
        ("shift", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


def from_kernel() -> dict[str, Any]:
    """What the kernel's clock discipline says (adjtimex(2), read only): its remaining correction, and the error it allows for."""
    by = "adjtimex"
    if sys.platform != "linux":
        return {"offset": UNKNOWN, "by": by, "problem": "only Linux is asked"}
    state = _Timex(modes=0)
    library = ctypes.CDLL(None, use_errno=True)
    try:
        answer = library.adjtimex(ctypes.byref(state))
    except AttributeError:
        return {"offset": UNKNOWN, "by": by, "problem": "this system's library has no adjtimex"}
    if answer < 0:
        return {"offset": UNKNOWN, "by": by, "problem": f"adjtimex failed with error {ctypes.get_errno()}"}
    return read_kernel(answer, state.status, state.offset, state.maxerror, state.esterror)


def read_kernel(answer: int, status: int, offset: int, maxerror: int, esterror: int) -> dict[str, Any]:
    """The kernel's numbers as ours: `offset` is in nanoseconds where STA_NANO is set, else in microseconds, as the errors always are."""
    said = {"by": "adjtimex", "status": status, "estimated_error": esterror / 1e6}
    if status & STA_UNSYNC or answer == 5:  # TIME_ERROR
        return {**said, "offset": UNKNOWN, "problem": "the kernel says that its clock is not synchronised"}
    return {**said, "offset": offset / (1e9 if status & STA_NANO else 1e6), "bound": maxerror / 1e6}


# -- a server ------------------------------------------------------------------------------------------------------------------
def from_server(server: str) -> dict[str, Any]:
    """One question by SNTP (RFC 5905 § 14), answered within three seconds. Raises OSError without an answer, ValueError for a bad one."""
    host, port = _address(server)
    question = secrets.token_bytes(8)  # in the place of our time, which is nobody's business: the answer must repeat it
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as line:
        line.connect(address)  # answers from elsewhere are then not seen
        sent, began = time.time(), time.monotonic()
        line.send(bytes([0x23]) + bytes(39) + question)  # version 4, client
        while True:
            left = TIMEOUT - (time.monotonic() - began)
            if left <= 0:
                raise TimeoutError(f"no answer within {TIMEOUT:g} s")
            line.settimeout(left)
            with suppress(TimeoutError):
                answer = line.recv(1024)
                took = time.monotonic() - began
                if answer[24:32] == question:  # else an answer to somebody else's question
                    break
    return {**read_answer(answer, sent, took), "by": f"sntp {server}"}


def read_answer(answer: bytes, sent: float, took: float) -> dict[str, Any]:
    """Offset and bound from a server's answer to what was sent at `sent` (our clock) and answered `took` seconds later.

    RFC 5905 § 8: offset ((T2 - T1) + (T3 - T4)) / 2, delay (T4 - T1) - (T3 - T2); § 11.2 for the distance to the true time.
    """
    if len(answer) < 48:
        raise ValueError(f"an answer of {len(answer)} bytes")
    leap, version, mode, stratum = answer[0] >> 6, answer[0] >> 3 & 7, answer[0] & 7, answer[1]
    root_delay, root_dispersion = (value / 2**16 for value in struct.unpack("!iI", answer[4:12]))
    if mode != 4 or not 1 <= version <= 4:
        raise ValueError("not a server's answer")
    if stratum == 0:
        raise ValueError(f"the server declines: {answer[12:16].decode('ascii', 'replace').strip(chr(0))}")
    if leap == 3 or stratum > 15:
        raise ValueError("the server says that its own clock is not synchronised")
    received, replied = (_unix(answer[at : at + 8], sent) for at in (32, 40))
    delay = took - (replied - received)
    if delay < 0 or not all(math.isfinite(each) for each in (received, replied)):
        raise ValueError("the times in the answer contradict each other")
    offset = ((received - sent) + (replied - (sent + took))) / 2
    bound = delay / 2 + max(root_delay, 0.0) / 2 + root_dispersion
    return {"offset": round(offset, 6), "bound": round(bound, 6), "stratum": stratum}


def _unix(stamp: bytes, near: float) -> float:
    """An NTP timestamp in the era nearest to a time that we believe to within 68 years."""
    seconds, fraction = struct.unpack("!II", stamp)
    if not seconds and not fraction:
        raise ValueError("an answer without a time")
    plain = seconds + fraction / 2**32 - EPOCH
    return float(plain + ERA * round((near - plain) / ERA))


def _address(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if not colon or server.endswith("]"):
        host, port = server, "123"
    return host.strip("[]"), int(port)
