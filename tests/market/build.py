"""`python -m tests.market.build`: writes registers/ and references/ anew from market.yml."""

import csv
import io
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from tests.market.truth import HERE, Facts, Posted, Premises, facts

TYPE_IDS = {
    "Retailers - other": "4613",
    "Takeaway/sandwich shop": "7844",
    "Restaurant/Cafe/Canteen": "1",
    "Mobile caterer": "7846",
}
UNIT_COLUMNS = ("Name", "Line 1", "Line 2", "Town", "County", "Postcode", "Telephone")


def _establishment(premises: Premises) -> ET.Element:
    """One EstablishmentDetail, in the scheme's order of elements."""
    row = ET.Element("EstablishmentDetail")

    def put(tag: str, text: str | None, under: ET.Element = row) -> None:
        ET.SubElement(under, tag).text = text

    put("FHRSID", str(premises.fhrs))
    put("LocalAuthorityBusinessID", f"WX/{premises.fhrs}")
    put("BusinessName", premises.name)
    put("BusinessType", premises.type)
    put("BusinessTypeID", TYPE_IDS[premises.type or ""])
    lines = [line for line in (premises.line1, premises.line2, "Wexcombe") if line]
    for number, line in enumerate(lines, 1):
        put(f"AddressLine{number}", line)
    put("PostCode", premises.postcode)
    put("RatingValue", str(premises.rating))
    put("RatingKey", f"fhrs_{premises.rating}_en-GB")
    put("RatingDate", "2024-05-14")
    put("LocalAuthorityCode", "990")
    put("LocalAuthorityName", "Wexcombe (demonstration)")
    put("LocalAuthorityWebSite", "http://wexcombe.example")
    put("LocalAuthorityEmailAddress", "food@wexcombe.example")
    scores = ET.SubElement(row, "Scores")
    for tag in ("Hygiene", "Structural", "ConfidenceInManagement"):
        put(tag, str(5 * (5 - (premises.rating or 0))), scores)
    put("SchemeType", "FHRS")
    put("NewRatingPending", "False")
    place = ET.SubElement(row, "Geocode")
    put("Longitude", f"{premises.longitude:.6f}", place)
    put("Latitude", f"{premises.latitude:.6f}", place)
    return row


def fhrs_xml(data: Facts) -> bytes:
    """The food hygiene register: only premises that sell food are in it."""
    root = ET.Element("FHRSEstablishment")
    head = ET.SubElement(root, "Header")
    rows = [_establishment(each) for each in data.premises.values() if each.fhrs]
    for tag, text in (("ExtractDate", "2024-06-01"), ("ItemCount", str(len(rows))), ("ReturnCode", "Success")):
        ET.SubElement(head, tag).text = text
    ET.SubElement(root, "EstablishmentCollection").extend(rows)
    root.insert(0, ET.Comment(" Invented for demonstration: no such business or parade exists. "))
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def units_csv(data: Facts) -> bytes:
    """The council's list of units: everybody on the parade and in the hall, decoys too."""
    return _csv(
        UNIT_COLUMNS,
        (
            (each.name, each.line1, each.line2, "Wexcombe", "Greater Manchester", each.postcode, each.phone or "")
            for each in data.premises.values()
            if each.listed
        ),
    )


def references_csv(data: Facts) -> bytes:
    return _csv(
        ("file", "kind", "brand", "provenance", "statement"),
        ((f"{each.picture}.jpg", each.kind, each.brand, each.provenance, each.statement) for each in data.references),
    )


def main() -> None:
    data = facts()
    (HERE / "registers").mkdir(exist_ok=True)
    (HERE / "references").mkdir(exist_ok=True)
    (HERE / "registers" / "wexcombe_fhrs.xml").write_bytes(fhrs_xml(data))
    (HERE / "registers" / "wexcombe_units.csv").write_bytes(units_csv(data))
    (HERE / "references" / "references.csv").write_bytes(references_csv(data))
    for each in data.references:
        (HERE / "references" / f"{each.picture}.jpg").write_bytes(Posted(each.picture).jpeg)


if __name__ == "__main__":
    main()
