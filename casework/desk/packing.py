"""Evidence packs that are made beside the desk: a process of its own for each, one at a time for a case, whose progress lies in a file.

A folder a pack: `job.json` says what was asked, `said.jsonl` what was said meanwhile, a line each: a stage, and at the end the head or what went
wrong. A lock that the process holds says that it is still at work, whoever asks and whatever became of the desk meanwhile.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casework.desk.files import safe_name
from casework.desk.own import key_of
from casework.export import STAGES
from store.config import Home
from store.errors import TouchstoneError

SAID, JOB, LOCK, VERIFIED = "said.jsonl", "job.json", "lock", "verified.json"
FAULT = "It went wrong on our side, and is in this machine's log. No pack was made."
STOPPED = "It stopped before its end: the machine or the desk was stopped. No pack was made; make it again."


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was asked for. `stages` are those that began, `error` is why there is none, `head` what is to be written down."""

    number: int
    case: str
    by: str
    why: str
    at: datetime
    stages: tuple[str, ...] = ()
    head: str = ""
    seal: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""
    verified: dict[str, Any] | None = None
    folder: Path = Path()
    zip: Path = Path()

    @property
    def over(self) -> bool:
        return bool(self.head or self.error)

    @property
    def here(self) -> bool:
        """Whether its files lie on this machine: they may have been removed since."""
        return bool(self.head) and self.zip.is_file()


def _place(home: Home, case: str) -> Path:
    """The folder of a case's packs: named by its reference as an address has it, or by a digest of it where that is too long for a name."""
    key = key_of(case)
    return home.path("var/desk/packs") / (key if len(key) <= 100 else hashlib.sha256(case.encode()).hexdigest()[:40])


def start(home: Home, case: str, *, by: str, why: str, seal: int | None = None) -> int:
    """Begin a pack in a process of its own; its number. Raises TouchstoneError where one of this case is being made."""
    place = _place(home, case)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (place / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TouchstoneError(f"a pack of case {case} is being made: wait until it is done") from None
        number = max(_numbers(place), default=0) + 1
        folder = place / str(number)
        folder.mkdir(mode=0o700)
        job = {"case": case, "by": by, "why": why, "seal": seal, "at": datetime.now(UTC).isoformat(), "name": f"{safe_name(key_of(case))[:60]}-{number}"}  # fmt: skip
        (folder / JOB).write_text(json.dumps(job), "utf-8")
        child = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
            [sys.executable, "-m", "casework.desk.packing", str(folder.resolve()), str(home.folder.resolve()), str(lock.fileno())], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, pass_fds=[lock.fileno()],
        )  # fmt: skip
    threading.Thread(target=child.wait, daemon=True).start()  # it holds the lock from now on, until it has said its last word
    return number


def _numbers(place: Path) -> list[int]:
    return [int(each.name) for each in place.iterdir() if each.name.isdecimal()] if place.is_dir() else []


def _at_work(place: Path) -> bool:
    try:
        with (place / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def pack(home: Home, case: str, number: int) -> Pack | None:
    """How it stands; None where there is no such pack."""
    place = _place(home, case)
    folder, working = place / str(number), _at_work(place)  # asked first: whoever ends meanwhile has said so before
    try:
        job = json.loads((folder / JOB).read_text("utf-8"))
    except FileNotFoundError:
        return None
    lines = [json.loads(line) for line in _lines(folder / SAID)]
    end = lines[-1] if lines and "stage" not in lines[-1] else {}
    error = end.get("error", "") or ("" if end or (working and number == max(_numbers(place))) else STOPPED)
    verified = json.loads((folder / VERIFIED).read_text("utf-8")) if (folder / VERIFIED).exists() else None
    return Pack(
        number, case, job["by"], job["why"], datetime.fromisoformat(job["at"]), tuple(line["stage"] for line in lines if "stage" in line),
        end.get("head", ""), end.get("seal", 0), tuple(end.get("notes", ())), error, verified, folder / job["name"], folder / f"{job['name']}.zip",
    )  # fmt: skip


def _lines(path: Path) -> Sequence[str]:
    """The whole lines of a file that may be written to just now."""
    return [line for line in path.read_text("utf-8").split("\n")[:-1] if line] if path.exists() else []


def packs(home: Home, case: str) -> list[Pack]:
    """Every pack of a case that was asked for at the desk, the newest first."""
    numbers = sorted(_numbers(_place(home, case)), reverse=True)
    return [found for number in numbers if (found := pack(home, case, number)) is not None]


def keep_verified(made: Pack, said: dict[str, Any]) -> None:
    """Keep what a check of the pack found."""
    part = made.folder.parent / f".{VERIFIED}"
    part.write_text(json.dumps(said), "utf-8")
    part.replace(made.folder.parent / VERIFIED)


def remove(made: Pack) -> None:
    """Take a pack's files from this machine, which no erasure reaches; its head and who asked for it stay."""
    shutil.rmtree(made.folder, ignore_errors=True)
    made.zip.unlink(missing_ok=True)


def share(made: Pack) -> int:
    """How much of it is done, of as many as there are STAGES."""
    return len(STAGES) if made.head else max(0, len(made.stages) - 1)


# -- the process of its own --------------------------------------------------------------------------------------------------
@contextmanager
def _saying(folder: Path) -> Iterator[Any]:
    with (folder / SAID).open("a", encoding="utf-8") as file:

        def say(**words: Any) -> None:
            file.write(json.dumps(words) + "\n")
            file.flush()
            os.fsync(file.fileno())

        yield say


def main(folder: Path, home: Home) -> None:
    """Make the pack that `folder`/job.json asks for, and say in `folder`/said.jsonl how far it is."""
    from casework.export import export
    from store.store import Store

    job = json.loads((folder / JOB).read_text("utf-8"))
    with _saying(folder) as say:
        try:
            with Store.at(home) as store:
                done = export(
                    store, home, job["case"], folder / job["name"], actor=job["by"], justification=job["why"], seal=job["seal"],
                    progress=lambda stage, *_: say(stage=stage),
                )  # fmt: skip
            say(head=done.head, seal=done.seal, notes=done.notes)
        except TouchstoneError as error:
            say(error=str(error))
        except BaseException:
            say(error=FAULT)
            raise


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]), Home(Path(sys.argv[2])))
    os.close(int(sys.argv[3]))  # the lock: what is left of this process is nobody's matter
