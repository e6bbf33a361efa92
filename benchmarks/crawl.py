"""What a crawl with full capture costs, beside a bare Scrapy spider over the same loopback site, same settings, in turns.

Pages of 20 kB with one picture each, eight requests at once, the server answering at once or after 50 ms. Both are a process of
their own under the very settings of crawler/settings.py (robots.txt obeyed, no delay, no AutoThrottle); the bare one takes five
fields by CSS and keeps nothing, Touchstone keeps every byte, row and event and reads the page by schema.org. Counted from the first
item page that the server was asked for to the end of the process, so that starting up is left out and closing is in.

    python benchmarks/crawl.py [--pages 600] [--rounds 3]     # against the bare spider, and two workers against one
    python benchmarks/crawl.py --memory --pages 20000         # resident memory over a long crawl
    python benchmarks/crawl.py --quick                        # a minute's look

docs/speed.md holds figures, with the machine they were taken on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE.parent), os.environ.get("PYTHONPATH"))))}
SOURCE = """title: Loopback {n}
kind: marketplace
url: http://127.0.0.1:{port}/
start: ['http://127.0.0.1:{port}/list/0']
platform: {platform}
legal: A benchmark on this machine.
follow: {{listing: .card a, next: 'a[rel=next]'}}
ref: '/item/(\\d+)'
expect: {{listings: {pages}}}
max_pages: 100000
delay: 0
concurrency: {concurrency}
testing: true
currency: GBP
{selectors}"""
SELECTORS = "selectors: {title: h1, price: .price, text: .text, seller: .seller a, images: img.photo}\n"


@dataclass
class Site:
    """The server's process, and what it said: how many item pages had been asked for, and when."""

    process: subprocess.Popen[str]
    ports: list[int]
    marks: dict[int, tuple[float, float, float]] = field(default_factory=dict)  # pages → (wall s, CPU s, RSS MB) of the crawler then
    crawler: int = 0

    def listen(self) -> None:
        assert self.process.stdout is not None
        for row in self.process.stdout:
            self.marks[int(row)] = (time.perf_counter(), cpu_of(self.crawler), memory_of(self.crawler))


@contextmanager
def site(pages: int, latency: float, hosts: int = 1, marks: tuple[int, ...] = (1,)) -> Iterator[Site]:
    command = [
        sys.executable,
        str(HERE / "loopback" / "server.py"),
        "--goods",
        str(pages),
        "--hosts",
        str(hosts),
        "--latency",
        str(latency),
    ]
    process = subprocess.Popen([*command, "--marks", *map(str, marks)], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert process.stdout is not None
    made = Site(process, [int(port) for port in process.stdout.readline().split()])
    listener = threading.Thread(target=made.listen, daemon=True)
    listener.start()
    try:
        yield made
    finally:
        process.terminate()
        process.wait()
        listener.join()


def family(pid: int) -> list[int]:
    """A process and those that it started: Touchstone keeps in a second one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and its children have used, all threads together."""
    stats = (Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in family(pid))
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> float:
    """Resident megabytes of a process and its children; what they share counts for both."""
    return sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in family(pid)) * os.sysconf("SC_PAGE_SIZE") / 1e6


def home_for(folder: Path, ports: list[int], pages: int, concurrency: int, platform: str) -> Path:
    """A working folder with a source for each port."""
    (folder / "configs" / "sources").mkdir(parents=True)
    shutil.copy(HERE.parent / "configs" / "touchstone.yml", folder / "configs" / "touchstone.yml")
    for n, port in enumerate(ports):
        said = SOURCE.format(
            n=n, port=port, pages=pages, platform=platform, concurrency=concurrency, selectors=SELECTORS if platform == "selectors" else ""
        )
        (folder / "configs" / "sources" / f"loopback{n}.yml").write_text(said)
    return folder


@dataclass(frozen=True)
class Took:
    """One crawl: seconds by the clock and by the CPU from the first item page on, and the marks on the way."""

    wall: float
    cpu: float
    marks: dict[int, tuple[float, float, float]]


def crawl(bare: bool, pages: int, latency: float, folder: Path, platform: str, marks: tuple[int, ...] = ()) -> Took:
    with tempfile.TemporaryDirectory(dir=folder) as there, site(pages, latency, marks=(1, *marks)) as served:
        home = home_for(Path(there) / "home", served.ports, pages, 8, platform)
        ours = [sys.executable, "-m", "crawler.unit", str(home), "loopback0"]
        theirs = [sys.executable, str(HERE / "loopback" / "bare.py"), str(home), f"http://127.0.0.1:{served.ports[0]}/list/0"]
        output = home / "out"
        with output.open("w") as out:
            process = subprocess.Popen(theirs if bare else ours, stdout=out, stderr=subprocess.STDOUT, env=ENVIRONMENT, cwd=HERE.parent)
            served.crawler = process.pid
            _, status, used = os.wait4(process.pid, 0)
        ended = time.perf_counter()
        last = output.read_text().splitlines()[-1]
        good = last.startswith(f"{pages} items") if bare else '"outcome": "good"' in last and f'"images": {pages}' in last
        if status or not good:
            raise SystemExit(f"the crawl did not bring {pages} pages: {last}")
        wall, cpu, _ = served.marks[1]
        return Took(ended - wall, used.ru_utime + used.ru_stime - cpu, served.marks)


def against_bare(pages: int, rounds: int, folder: Path, platform: str) -> None:
    print(f"{pages} pages, one picture each, {platform}, best of {rounds} rounds in turns")
    print(f"{'latency':>8} {'bare':>10} {'ours':>10} {'ratio':>6} {'CPU a page, bare':>17} {'ours':>8}")
    for latency in (0.0, 0.05):
        both: dict[bool, list[Took]] = {True: [], False: []}
        for _ in range(rounds):
            for bare in (True, False):
                both[bare].append(crawl(bare, pages, latency, folder, platform))
        theirs, ours = (min(t.wall for t in both[bare]) for bare in (True, False))
        cpu = [min(t.cpu for t in both[bare]) / pages * 1000 for bare in (True, False)]
        print(
            f"{latency * 1000:5.0f} ms {pages / theirs:6.1f} p/s {pages / ours:6.1f} p/s {theirs / ours:6.2f} {cpu[0]:14.1f} ms {cpu[1]:5.1f} ms"
        )


def memory(pages: int, folder: Path, platform: str) -> None:
    marks = (*range(pages // 10, pages, pages // 10), pages)
    took = crawl(False, pages, 0.0, folder, platform, marks)
    print(f"resident memory over {pages} pages ({pages / took.wall:.0f} pages a second)")
    for at in marks:
        print(f"{at:8} pages {took.marks[at][2]:7.1f} MB")
    early, late = took.marks[marks[0]][2], took.marks[marks[-1]][2]
    print(
        f"growth from {marks[0]} to {marks[-1]} pages: {late - early:+.1f} MB, {(late - early) / (marks[-1] - marks[0]) * 10_000:+.1f} MB per 10,000"
    )


def workers(pages: int, rounds: int, folder: Path, platform: str) -> None:
    """Eight hosts at 50 ms, one request at a time per host, by `touchstone crawl` with one worker and with two."""
    print(f"8 hosts of {pages} pages at 50 ms, one request at a time a host, `touchstone crawl`, best of {rounds}")
    best: dict[int, float] = {}
    for _ in range(rounds):
        for number in (1, 2):
            with tempfile.TemporaryDirectory(dir=folder) as there, site(pages, 0.05, hosts=8) as served:
                home = home_for(Path(there) / "home", served.ports, pages, 1, platform)
                settings = home / "configs" / "touchstone.yml"
                text = settings.read_text().replace("executor: inline", "executor: processes").replace("workers: 1", f"workers: {number}")
                settings.write_text(text)
                served.crawler = os.getpid()
                program = "import sys; from casework.cli import main; sys.argv[0] = 'touchstone'; main()"
                began = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-c", program, "crawl", "--home", str(home)],
                    env=ENVIRONMENT,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    raise SystemExit(done.stdout + done.stderr)
                best[number] = min(best.get(number, 1e9), time.perf_counter() - began)
    print(f"one worker {best[1]:.1f} s, two workers {best[2]:.1f} s: {best[1] / best[2]:.2f} times as fast")


def fsync_cost(folder: Path) -> float:
    """Milliseconds of one small append that is flushed to the disk."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - began) * 20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=600)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--platform", choices=("schema_org", "selectors"), default="schema_org", help="how Touchstone reads the pages")
    options.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where both write: on the disk that is meant")
    options.add_argument("--quick", action="store_true", help="fewer pages, one round")
    for name in ("bare", "workers", "memory"):
        options.add_argument(f"--{name}", action="store_true", help="only this part, and others named")
    given = options.parse_args()
    pages, rounds = (200, 1) if given.quick else (given.pages, given.rounds)
    every: dict[str, Any] = {
        "bare": lambda: against_bare(pages, rounds, given.folder, given.platform),
        "workers": lambda: workers(max(10, pages // 5), 1 if given.quick else rounds, given.folder, given.platform),
        "memory": lambda: memory(pages, given.folder, given.platform),
    }
    chosen = [name for name in every if getattr(given, name)] or ["bare", "workers"]
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} cores, load {load:.1f}, Python {sys.version.split()[0]}, an fsync of 4 kB takes {fsync_cost(given.folder):.1f} ms"
    )
    for name in chosen:
        every[name]()


if __name__ == "__main__":
    main()
