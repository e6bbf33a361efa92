"""summary.pdf and the sheets that officers print, where WeasyPrint and the Pango library that it draws with are there."""

from __future__ import annotations

from collections.abc import Callable
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
    """Make `pack`/summary.pdf (PDF/UA-1) of an HTML text; "" when it was made, else a sentence for the officer."""
    missing = missing_parts()
    if missing:
        return f"summary.pdf was not made, {missing}; README.html says the same and prints well"

    def own(name: str) -> bytes | None:
        folder, _, file = name.partition("/")
        path = pack / folder / file
        return (
            path.read_bytes()
            if (folder in ("images", "matches") or (folder == "pages" and file.endswith(".png"))) and "/" not in file and path.is_file()
            else None
        )

    (pack / "summary.pdf").write_bytes(make_pdf(text, own, b"touchstone-pack"))
    return ""


def make_pdf(text: str, picture: Callable[[str], bytes | None], identifier: bytes) -> bytes:
    """A PDF (PDF/UA-1) of an HTML text, whose pictures `picture` gives by the name that stands in it, or refuses with None.

    The fetcher gives those and nothing else, by addresses that hold no path of this machine; with a fixed identifier the same text
    gives the same bytes. Ask `missing_parts` first.
    """
    import io

    from weasyprint import HTML
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnPictures(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            found = picture(url.removeprefix(BASE))
            if found is None:
                raise ValueError("only our own pictures are drawn")
            return URLFetcherResponse(url, found)

    kept = io.BytesIO()
    document = HTML(string=text, base_url=BASE, url_fetcher=OwnPictures())
    document.write_pdf(kept, pdf_variant="pdf/ua-1", pdf_identifier=identifier, dpi=150, jpeg_quality=80, optimize_images=True)
    return kept.getvalue()
