"""The Valuation Office Agency's non-domestic rating list of England and Wales: the "list entries" baseline file.

Layout: no header, fields parted by asterisks, nothing quoted, 28 fields and an asterisk after the last: entry number, billing authority
code, community code, authority's reference, description code, description, UARN, full property identifier, firm's name, number or
name, street, town, postal district, county, postcode, effective date, composite indicator, rateable value, appeal settlement code,
assessment reference, alteration date, SCAT code, sub-street levels 3 to 1, case number, current from and current to (01-APR-2023). So a
government department's reader of it has them (UKGovernmentBEIS/DESNZ-MEES, VoaBusinessRate.cs), and two more public programs; the
agency's own specification, linked at https://voaratinglists.blob.core.windows.net/html/rlidata.htm, could not be read: layout unconfirmed.
Not open data: its use is restricted to rating purposes (docs/registers.md). The summary valuation file is another one and is refused.
"""

from __future__ import annotations

from pathlib import Path

from premises.delimited import rows
from premises.registers import Refused, RegisterConfig, Rows, date_of, said
from store.errors import StopRun
from store.words.records import RegisterEntry

KIND = "voa_rating_list"
FIELDS = 28


def read(path: Path, config: RegisterConfig) -> Rows:
    """Each hereditament under its UARN; a row with other than 28 fields, as where a line is broken in two, is refused."""
    for n, row in enumerate(rows(path, "*", quoted=False)):
        if isinstance(row, Refused):
            yield row
            continue
        line, cells = row[0], [cell.strip() for cell in row[1]]
        fields = cells[:-1] if len(cells) == FIELDS + 1 and not cells[-1] else cells
        if len(fields) != FIELDS or not fields[6].isdigit():
            if n == 0:
                raise StopRun(
                    f"{path}: line 1 is no list entry: {len(fields)} fields parted by *, where {FIELDS} with a UARN in the 7th were expected; nothing was loaded"
                )
            why = "no UARN" if len(fields) == FIELDS else f"{len(fields)} fields, not {FIELDS}"
            yield Refused(line, why, "*".join(cells))
        elif any("\ufffd" in cell or "\x00" in cell for cell in fields):
            yield Refused(line, "characters that are in neither UTF-8 nor cp1252", "*".join(cells))
        else:
            yield _entry(line, fields)


def _entry(line: int, f: list[str]) -> RegisterEntry | Refused:
    # the identifier holds all the address's lines but the postcode; where it is empty they stand by themselves
    address = f[7] or ", ".join(filter(None, (*f[22:25], *f[9:14])))
    if not address:
        return Refused(line, "no address", "*".join(f))
    details = said(
        description=f[5],
        description_code=f[4],
        scat=f[21],
        rateable_value=f[17],
        billing_authority=f[1],
        authority_reference=f[3],
        composite=f[16],
        **{"from": date_of(f[26]) or date_of(f[15]), "until": date_of(f[27])},
    )
    return RegisterEntry(KIND, f[6], f[8], address, f[14] or None, row=line, details=details)
