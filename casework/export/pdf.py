"""summary.pdf, where WeasyPrint and the Pango library that it draws with are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BASE = "https://pack.invalid/"  # never asked for anything: it only makes addresses whole


def missing_parts() -> str:
    """One sentence that says what the PDF wants and how to get it; "" when it can be made."""
    from PIL import ImageFile

    strict = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        import weasyprint  # noqa: F401
    except ImportError:
        return "WeasyPrint is missing: `pip install weasyprint`"
    except OSError:  # the Python part is there, the library is not
        return "the Pango library is missing: `apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0` on Debian or Ubuntu, `brew install pango` on macOS"
    finally:
        # WeasyPrint tells Pillow, for the whole process, to make up the missing half of a cut-off picture; a detector would then
        # take fingerprints of what nobody photographed
        ImageFile.LOAD_TRUNCATED_IMAGES = strict
    return ""


def write_pdf(text: str, pack: Path) -> str:
    """Make `pack`/summary.pdf (PDF/UA-1) of an HTML text; "" when it was made, else a sentence for the officer.

    The fetcher gives the pack's own pictures and nothing else, by addresses that hold no path of this machine; with a fixed
    identifier the same text gives the same bytes.
    """
    missing = missing_parts()
    if missing:
        return f"summary.pdf was not made, {missing}; README.html says the same and prints well"
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnPictures(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            folder, _, name = url.removeprefix(BASE).partition("/")
            path = pack / folder / name
            if folder not in ("images", "matches") or "/" in name or not path.is_file():
                raise ValueError("only the pack's own pictures are drawn")
            return URLFetcherResponse(url, path.read_bytes())

    document = HTML(string=text, base_url=BASE, url_fetcher=OwnPictures())
    document.write_pdf(
        pack / "summary.pdf", pdf_variant="pdf/ua-1", pdf_identifier=b"touchstone-pack", dpi=150, jpeg_quality=80, optimize_images=True
    )
    return ""
