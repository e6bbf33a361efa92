"""Companies House's Free Company Data Product, "basic company data": one CSV a month of every company on the register.

Layout: 55 columns, some named with a blank before the name, every cell quoted, dates as DD/MM/YYYY; the fields and their greatest sizes are
in the product's own specification, linked at https://download.companieshouse.gov.uk/en_output.html. The order and the blanks are those
of the September 2026 edition's header, which three public programs that read it agree on (the header in full:
https://chguide.co.uk/bulk-data/datasets/companies). Live companies only: one that is dissolved is in the next edition no more. Free to
use without a licence (https://www.gov.uk/guidance/companies-house-data-products). The address is the registered office, which is
often an accountant's or a formation agent's: it says where letters go, not where goods are sold.
The seven parts are one edition: load the single file, since a part would count as the whole register.
"""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path

from premises.delimited import check_columns, fault, headed
from premises.registers import Refused, RegisterConfig, Rows, date_of, said
from store.words.identifiers import company_number
from store.words.records import RegisterEntry

KIND = "companies_house"
ADDRESS = tuple(f"RegAddress.{each}" for each in ("AddressLine1", "AddressLine2", "PostTown", "County"))
SIC = tuple(f"SICCode.SicText_{n}" for n in range(1, 5))
PREVIOUS = tuple(f"PreviousName_{n}.{each}" for n in range(1, 11) for each in ("CompanyName", "CONDATE"))
FIELDS = (
    "CompanyName", "CompanyNumber", "RegAddress.CareOf", "RegAddress.POBox", "RegAddress.Country", "RegAddress.PostCode", "CompanyCategory",
    "CompanyStatus", "CountryOfOrigin", "DissolutionDate", "IncorporationDate", *ADDRESS, *SIC, *PREVIOUS,
)  # fmt: skip


def read(path: Path, config: RegisterConfig) -> Rows:
    """Each company under its number; one without a number, a name or any address line is refused."""
    header, below = headed(path)
    check_columns(path, FIELDS, header)
    pick = itemgetter(*(header.index(name) for name in FIELDS))
    for row in below:
        if isinstance(row, Refused):
            yield row
        elif wrong := fault(row[1], len(header)):
            yield Refused(row[0], wrong, " | ".join(row[1]))
        else:
            yield _entry(row[0], [cell.strip() for cell in pick(row[1])])


def _entry(row: int, cells: list[str]) -> RegisterEntry | Refused:
    name, number, care_of, box, country, postcode, category, status, origin, dissolved, incorporated = cells[:11]
    lines = [line for line in cells[11:15] if line]
    reference = company_number(number)
    if reference is None or not name or not (lines or postcode):
        why = "no company number of eight characters" if reference is None else "no address" if name else "no name"
        return Refused(row, why, " | ".join((number, name, *lines, postcode)))
    names = cells[19:]
    details = {
        "status": status,
        "category": category,
        "incorporated": date_of(incorporated),
        "dissolved": date_of(dissolved),
        "sic": [code for code in cells[15:19] if code and code != "None Supplied"],
        "previous_names": [said(name=was, until=date_of(until)) for was, until in zip(names[::2], names[1::2], strict=True) if was],
        "care_of": care_of,
        "po_box": box,
        "country": country,
        "origin": origin if origin != "United Kingdom" else "",
    }
    return RegisterEntry(KIND, reference, name, ", ".join(lines), postcode or None, row=row, details=said(**details))
