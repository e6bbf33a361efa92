"""Templates to files: README.html, the views of pages, the limits page, and summary.pdf where WeasyPrint can run.

Everything that a listing says is hostile: templates escape by default, no page of ours has a script, and a content policy in each
forbids every connection. The PDF is made from the same template by a fetcher that knows the pack's own pictures and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from casework.export.limits import LIMITS
from casework.export.pages import Page
from casework.export.rows import Row

PDF_MISSING = (
    "summary.pdf was not made: WeasyPrint or the Pango library it draws with is missing ({why}); on Debian or Ubuntu `apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0` and `pip install weasyprint` provide them. README.html says the same and prints well."
)


def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("casework.export"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style = environment.loader.get_source(environment, "style.css")[0] if environment.loader else ""
    environment.globals["style"] = Markup(style)  # noqa: S704 - our own file
    environment.filters["css_text"] = lambda text: Markup("".join(c if c.isalnum() or c in " /._-" else f"\\{ord(c):x} " for c in str(text)))  # noqa: S704 - escaped
    return environment


def write_readme(folder: Path, context: Mapping[str, Any]) -> None:
    (folder / "README.html").write_text(_environment().get_template("readme.html").render(context, limits=LIMITS, pdf=False), encoding="utf-8")


def write_limits(folder: Path, markdown: str, case: str) -> None:
    (folder / "limits.md").write_text(markdown, encoding="utf-8")
    (folder / "limits.html").write_text(_environment().get_template("limits.html").render(limits=LIMITS, case=case), encoding="utf-8")


def write_view(path: Path, page: Page, row: Row, case: str) -> None:
    path.write_text(_environment().get_template("page.html").render(page=page, row=row, case=case), encoding="utf-8")


def write_pdf(folder: Path, context: Mapping[str, Any]) -> str:
    """Make summary.pdf (PDF/UA-1); "" when it was made, else one sentence that says what is missing and how to get it."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except (ImportError, OSError) as error:  # OSError: the Python part is there, Pango is not
        return PDF_MISSING.format(why=str(error).splitlines()[0].split("(")[0].strip()[:120] or type(error).__name__)

    class OwnPictures(URLFetcher):  # type: ignore[misc]
        """Gives the pack's own pictures, by an address that holds no path of this machine."""

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            name = url.removeprefix("pack:///images/")
            path = folder / "images" / name
            if name == url or "/" in name or not path.is_file():
                raise ValueError("only the pack's own pictures are drawn")
            return URLFetcherResponse(url, path.read_bytes())

    text = _environment().get_template("readme.html").render(context, limits=LIMITS, pdf=True)
    document = HTML(string=text, base_url="pack:///", url_fetcher=OwnPictures())
    document.write_pdf(folder / "summary.pdf", pdf_variant="pdf/ua-1", pdf_identifier=b"touchstone-pack", dpi=150, jpeg_quality=80, optimize_images=True)
    return ""
