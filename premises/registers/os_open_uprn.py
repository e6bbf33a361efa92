"""OS Open UPRN: where each property of Great Britain lies. Positions, no list of premises: they are given to entries that name a UPRN.

Layout: a CSV with the header UPRN,X_COORDINATE,Y_COORDINATE,LATITUDE,LONGITUDE, degrees in ETRS89
(https://docs.os.uk/os-downloads/identifiers/os-open-uprn/os-open-uprn-technical-specification). 41 million rows, new every six weeks;
only those are kept that an entry of the store names, so that it is loaded again after a list with UPRNs. Open Government Licence v3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from premises.delimited import check_columns, headed
from premises.registers import Position, Refused, RegisterConfig, degrees_of

KIND = "os_open_uprn"
HEADER = ("UPRN", "X_COORDINATE", "Y_COORDINATE", "LATITUDE", "LONGITUDE")


def positions(path: Path, config: RegisterConfig) -> Iterator[Position | Refused]:
    """Each UPRN with its latitude and longitude; a row where one of the three is no number is refused."""
    header, below = headed(path)
    check_columns(path, HEADER, header)
    uprn, lat, lon = (header.index(name) for name in ("UPRN", "LATITUDE", "LONGITUDE"))
    for row in below:
        if isinstance(row, Refused):
            yield row
            continue
        line, cells = row
        if len(cells) != len(header):
            yield Refused(line, "more cells than columns" if len(cells) > len(header) else "fewer cells than columns", " | ".join(cells))
            continue
        number = cells[uprn].strip()
        at = degrees_of(cells[lat], 90), degrees_of(cells[lon], 180)
        if not (number.isascii() and number.isdigit() and len(number) <= 12) or at[0] is None or at[1] is None:
            yield Refused(line, "no UPRN, latitude or longitude", " | ".join(cells))
        else:
            yield Position(line, int(number), at[0], at[1])
