"""What loading Companies House at full size costs, and what a register of a million premises adds to linking one listing.

It writes a file of the published layout (55 columns; premises/registers/companies_house.py cites it) with invented companies at real
postcodes and the mess of the real one, the same file each time, and loads it as `touchstone register load` does, in a process of its
own whose greatest memory is read from the system. Beside it, in the same run and in a process of its own, what one would write by
hand: csv and executemany into one SQLite table of 55 columns, no address split, nothing joined. Read the ratio, not the seconds.

    python benchmarks/registers.py                                # 200,000 rows
    python benchmarks/registers.py --rows 5000000 --keep DIR      # full size: some 2 GB of file and 10 GB of store, an hour or two
    python benchmarks/registers.py --linking                      # 10,000 premises against 1,000,000, the same evidence
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from store.words import postcode as directory

HEADER = (
    "CompanyName, CompanyNumber,RegAddress.CareOf,RegAddress.POBox,RegAddress.AddressLine1, RegAddress.AddressLine2,RegAddress.PostTown,"
    "RegAddress.County,RegAddress.Country,RegAddress.PostCode,CompanyCategory,CompanyStatus,CountryOfOrigin,DissolutionDate,IncorporationDate,"
    "Accounts.AccountRefDay,Accounts.AccountRefMonth,Accounts.NextDueDate,Accounts.LastMadeUpDate,Accounts.AccountCategory,"
    "Returns.NextDueDate,Returns.LastMadeUpDate,Mortgages.NumMortCharges,Mortgages.NumMortOutstanding,Mortgages.NumMortPartSatisfied,"
    "Mortgages.NumMortSatisfied,SICCode.SicText_1,SICCode.SicText_2,SICCode.SicText_3,SICCode.SicText_4,"
    "LimitedPartnerships.NumGenPartners,LimitedPartnerships.NumLimPartners,URI,"
    + ",".join(f"PreviousName_{n}.CONDATE, PreviousName_{n}.CompanyName" for n in range(1, 11))
    + ",ConfStmtNextDueDate, ConfStmtLastMadeUpDate"
)
SYLLABLES = [
    "wex",
    "ker",
    "lin",
    "mos",
    "tan",
    "dor",
    "fen",
    "hol",
    "bram",
    "cor",
    "ves",
    "pel",
    "rud",
    "sim",
    "thor",
    "vel",
    "wick",
    "yar",
    "zel",
    "quil",
]
ENDINGS = ["combe", "low", "sworth", "by", "dale", "mere", "stow", "thorpe", "wick", "ham"]
TRADES = [
    "TRADING",
    "SERVICES",
    "PROPERTY",
    "RETAIL",
    "FASHION",
    "CONSULTING",
    "LOGISTICS",
    "HOLDINGS",
    "CATERING",
    "DESIGN",
    "IMPORTS",
    "",
]
FORMS = ("LTD", "LTD", "LIMITED", "LIMITED", "LIMITED", "LTD.", "LLP", "PLC", "C.I.C.")
STREETS = ["ROAD", "STREET", "LANE", "AVENUE", "CLOSE", "DRIVE", "WAY", "ROW", "TERRACE", "RD", "ST.", "HIGH STREET"]
PLACES = ["HOUSE", "COURT", "BUSINESS PARK", "INDUSTRIAL ESTATE", "CENTRE", "MILL", "PARADE", "MARKET HALL"]
STATUSES = ("Active",) * 90 + ("Active - Proposal to Strike off",) * 6 + ("Liquidation",) * 3 + ("In Administration",)
SICS = (
    "47710 - Retail sale of clothing in specialised stores", "47910 - Retail sale via mail order houses or via Internet",
    "68209 - Other letting and operating of own or leased real estate", "70229 - Management consultancy activities other than financial management",
    "46420 - Wholesale of clothing and footwear", "99999 - Dormant Company", "None Supplied",
)  # fmt: skip
AGENTS = 200  # addresses at which formation agents register companies by the thousand


def postcodes() -> list[str]:
    """A third of the directory's, so that five million companies have some five to a postcode, as the real ones do."""
    out = []
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        keys = directory._letter(letter).keys.decode()
        out += [f"{keys[i : i + 4].strip()} {keys[i + 4 : i + 7]}" for i in range(0, len(keys), 21)]
    return out


def companies(count: int) -> Iterator[list[str]]:
    """Rows of invented companies; the first n are the same whatever the count."""
    noise = random.Random(20260901)
    codes = postcodes()
    pick, chance = noise.choice, noise.random
    words = [a + b for a in SYLLABLES for b in SYLLABLES + ENDINGS]
    agents = [
        (f"{pick(words)} {pick(PLACES[:2])}".upper(), str(noise.randint(1, 200)), pick(words).upper(), pick(codes)) for _ in range(AGENTS)
    ]
    for i in range(count):
        name = f"{pick(words)} {pick(words) if chance() < 0.7 else ''} {pick(TRADES)} {pick(FORMS)}".upper()
        name = " ".join(name.split())
        number = f"{i * 7919 % 16_000_000:08d}" if i % 16 else f"SC{i // 16 % 1_000_000:06d}"
        if chance() < 0.0001 and i:
            number = f"{(i - 1) * 7919 % 16_000_000:08d}"  # an earlier row's
        town, county, code = pick(words).upper(), pick(("", "", "LANCASHIRE", "KENT", "WEST MIDLANDS")), pick(codes)
        street, at = f"{pick(words).upper()} {pick(STREETS)}", noise.randint(1, 240)
        kind = chance()
        if kind < 0.06:  # a formation agent's: the first of them has some hundredth of all companies
            building, door, road, code = agents[min(AGENTS - 1, int(noise.paretovariate(0.7)) - 1)]
            one, two = f"SUITE {noise.randint(1, 900)} {building}", f"{door} {road} STREET"
        elif kind < 0.22:
            one, two = f"UNIT {noise.randint(1, 60)}{pick(('', '', '', 'A', 'B'))}  {pick(words).upper()} {pick(PLACES)}", street
        elif kind < 0.32:
            one, two = f"FLAT {noise.randint(1, 40)}", f"{at} {street}"
        elif kind < 0.37:
            one, two = f"{pick(('1ST', 'FIRST', 'GROUND', '2ND'))} FLOOR {at}-{at + 2 * noise.randint(1, 3)} {street}", ""
        elif kind < 0.42:
            one, two = f"{pick(words).upper()} {pick(PLACES)}", street
        else:
            one, two = f"{at}{pick(('', '', '', '', 'A', 'C'))} {street}", ""
        if (slip := chance()) < 0.01:
            code = ""
        elif slip < 0.013:
            code = code.replace("0", "O", 1)
        elif slip < 0.03:
            code = code.replace(" ", "")
        if chance() < 0.004:
            one = two = town = county = code = ""
        day = f"{noise.randint(1, 28):02d}/{noise.randint(1, 12):02d}/{noise.randint(1990, 2026)}"
        former = [day, f"{pick(words).upper()} {pick(FORMS)}"] if chance() < 0.1 else ["", ""]
        row = [
            name, number, "A. N. AGENT (FICTIONAL)" if chance() < 0.03 else "", "", one, two, town, county, pick(("", "ENGLAND", "UNITED KINGDOM")), code,
            "Private Limited Company", pick(STATUSES), "United Kingdom", "", day, "31", "3", day, day, "MICRO ENTITY", "", "", "0", "0", "0", "0",
            pick(SICS), pick(SICS[:5]) if chance() < 0.2 else "", "", "", "0", "0", f"http://business.data.gov.uk/id/company/{number}", *former,
            *[""] * 18, day, day,
        ]  # fmt: skip
        yield row[:-1] if i % 100_000 == 77_777 else row  # now and then a cell is lost


def write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\r\n")
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(companies(count))


def ours(file: Path, folder: Path, workers: int) -> dict[str, float]:
    """Load it through premises.load; seconds, rows kept, and the greatest memory of this process and of its worker in MB."""
    from premises.load import load
    from store.config import Home
    from store.executors import PoolExecutor
    from store.store import Store

    home = _home(folder)
    began, told = time.perf_counter(), [0.0]

    def progress(done: int, of: int) -> None:
        if time.perf_counter() - told[0] > 30:
            told[0] = time.perf_counter()
            print(f"  {done:,} of {of:,} rows, {done / (told[0] - began):,.0f} a second, {_peak():.0f} MB", file=sys.stderr, flush=True)

    with Store.open(Home(home)) as store, PoolExecutor(workers) if workers else nullcontext() as executor:
        counts = load(store, Home(home), "companies_house", file, actor="system", progress=progress, executor=executor).counts
        took = time.perf_counter() - began
        worker = executor.submit(_peak).result() if executor else 0.0
    return {"seconds": took, "cpu": _cpu(), "peak": _peak(), "worker": worker, "store": _size(home), **counts}


def bare(file: Path, folder: Path, workers: int) -> dict[str, float]:
    """csv and executemany, 10,000 rows at a time."""
    began = time.perf_counter()
    database = sqlite3.connect(folder / "bare.db")
    with file.open(encoding="utf-8", newline="") as text:
        rows = csv.reader(text)
        names = [f'"{name.strip()}"' for name in next(rows)]
        database.execute(f"CREATE TABLE company ({', '.join(names)})")
        insert = f"INSERT INTO company VALUES ({', '.join('?' * len(names))})"
        batch: list[list[str]] = []
        kept = 0
        for row in rows:
            if len(row) == len(names):
                batch.append(row)
            if len(batch) == 10_000:
                database.executemany(insert, batch)
                database.commit()
                kept, batch = kept + len(batch), []
        database.executemany(insert, batch)
        database.commit()
    database.close()
    return {"seconds": time.perf_counter() - began, "cpu": _cpu(), "peak": _peak(), "rows": kept + len(batch), "store": _size(folder)}


def _peak() -> float:
    """The greatest resident memory of this process since its own program began, in MB: getrusage counts that of the one it was begun from."""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def _cpu() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def _home(folder: Path) -> Path:
    """A working folder with the shipped settings."""
    from store.config import defaults_folder

    for name in ("touchstone.yml", "premises.yml", "registers/companies_house.yml"):
        target = folder / "configs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((defaults_folder() / name).read_bytes())
    return folder


def in_child(what: str, file: Path, folder: Path, workers: int) -> dict[str, float]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--child", what, str(file), str(folder), "--workers", str(workers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def loading(count: int, folder: Path, workers: int) -> None:
    file = folder / "BasicCompanyDataAsOneFile-2026-09-01.csv"
    began = time.perf_counter()
    write(file, count)
    print(f"written: {count:,} rows, {file.stat().st_size / 2**20:,.0f} MB, {time.perf_counter() - began:.0f} s", flush=True)
    alone = in_child("bare", file, folder / "bare", workers)
    _say("csv + executemany", alone)
    mine = in_child("ours", file, folder / "ours", workers)
    _say("register load", mine)
    print(
        f"  {mine['new_entries']:,} entries, {mine['new_premises']:,} premises, {mine['refused']:,} rows refused; "
        f"the worker's greatest memory {mine['worker']:.0f} MB\n"
        f"ratio: {mine['seconds'] / alone['seconds']:.1f} times the seconds, {mine['cpu'] / alone['cpu']:.1f} times the processor time"
    )


def _say(name: str, found: dict[str, float]) -> None:
    rate = found["rows"] / found["seconds"]
    print(
        f"{name}: {found['seconds']:,.0f} s, {rate:,.0f} rows a second, processor {found['cpu']:,.0f} s, "
        f"greatest memory {found['peak']:.0f} MB, store {found['store']:,.0f} MB",
        flush=True,
    )


def linking(few: int, many: int, folder: Path, workers: int, listings: int = 300) -> None:
    """The same evidence against a small and a large store, in turns; the median of each listing's best of three."""
    from premises.address import parse_address
    from premises.evidence import Evidence, Shown
    from premises.link import candidates, propose
    from premises.said import Said
    from premises.settings import link_settings
    from store.config import Home
    from store.store import Store
    from store.words.records import SubjectKind

    for count in (few, many):
        if not (folder / str(count) / "ours").exists():
            (folder / str(count)).mkdir(parents=True, exist_ok=True)
            write(folder / str(count) / "list.csv", count)
            _say(f"{count:,} rows", in_child("ours", folder / str(count) / "list.csv", folder / str(count) / "ours", workers))
    noise, evidence = random.Random(1), []
    for n, row in enumerate(companies(few)):
        if row[9] and noise.random() < listings / few:
            address = parse_address(f"{row[4]}, {row[5]}, {row[6]}, {row[9]}")
            evidence.append(Evidence(SubjectKind.listing, n, (Said(address, 1, "text"),), (Shown(row[0].title(), 1),)))
    homes = [Home(folder / str(count) / "ours") for count in (few, many)]
    settings = link_settings(homes[0])
    stores = [Store.open(home) for home in homes]
    times: list[list[float]] = [[], []]
    found: list[list[int]] = [[], []]
    for each in evidence:
        best = [float("inf")] * 2
        for _ in range(3):
            for which, store in enumerate(stores):
                with store.acting("system", purpose="benchmark") as reader:
                    began = time.perf_counter()
                    near = candidates(reader, each)
                    propose(each, near, settings, "")
                    best[which] = min(best[which], time.perf_counter() - began)
                if _ == 0:
                    found[which].append(len(near))
        for which in (0, 1):
            times[which].append(best[which] * 1000)
    for count, took, near in zip((few, many), times, found, strict=True):
        print(
            f"{count:,} rows: {len(evidence)} listings, median {statistics.median(took):.2f} ms, mean {statistics.mean(took):.2f}, "
            f"worst {max(took):.1f}; candidates: median {statistics.median(near):.0f}, mean {statistics.mean(near):.1f}, most {max(near):,}"
        )
    print(f"ratio of the medians: {statistics.median(times[1]) / statistics.median(times[0]):.2f}; of the means {statistics.mean(times[1]) / statistics.mean(times[0]):.2f}")  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--workers", type=int, default=1, help="processes beside the one that keeps the rows (0: none)")
    options.add_argument("--keep", type=Path, help="a folder to work in and leave; else a temporary one")
    options.add_argument("--linking", action="store_true")
    options.add_argument("--few", type=int, default=10_000)
    options.add_argument("--many", type=int, default=1_000_000)
    options.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        what, file, folder = given.child
        print(json.dumps({"ours": ours, "bare": bare}[what](Path(file), Path(folder), given.workers)))
        return
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    with nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory() as folder:
        if given.linking:
            linking(given.few, given.many, Path(folder), given.workers)
        else:
            loading(given.rows, Path(folder), given.workers)


if __name__ == "__main__":
    main()
