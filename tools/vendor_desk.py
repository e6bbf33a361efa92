"""Bring the desk's libraries from npm into casework/desk/vendor, at the versions below: `python tools/vendor_desk.py`. Needs npm, and is run by hand.

The files are the packages' own builds, but for one cut: GOV.UK Frontend's styles name a font, a crown and a crest that services outside GOV.UK may
not use (its licence page), so those rules go. Each library lies beside its licence, and NOTICE names it.
"""

import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "casework" / "desk" / "vendor"
LIBRARIES = {
    "govuk-frontend": ("govuk-frontend@6.6.0", {"dist/govuk/govuk-frontend.min.css": "govuk-frontend.css", "dist/govuk/govuk-frontend.min.js": "govuk-frontend.min.js"}),
    "moj-frontend": ("@ministryofjustice/frontend@11.1.0", {"moj/moj-frontend.min.css": "moj-frontend.css"}),
    "htmx": ("htmx.org@2.0.11", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}),
    "leaflet": ("leaflet@1.9.4", {"dist/leaflet.js": "leaflet.js", "dist/leaflet.css": "leaflet.css", "LICENSE": "LICENSE", "dist/images/marker-icon.png": "images/marker-icon.png", "dist/images/marker-icon-2x.png": "images/marker-icon-2x.png", "dist/images/marker-shadow.png": "images/marker-shadow.png", "dist/images/layers.png": "images/layers.png", "dist/images/layers-2x.png": "images/layers-2x.png"}),
    "cytoscape": ("cytoscape@3.35.0", {"dist/cytoscape.min.js": "cytoscape.min.js", "LICENSE": "LICENSE"}),
}  # fmt: skip


def tame(css: str) -> str:
    """Styles without the font that may not be used, without what would be fetched from elsewhere, and without a source map that is not there."""
    css = re.sub(r"@font-face\s*{[^}]*}", "", css)
    css = css.replace("GDS Transport,arial,sans-serif", "system-ui,arial,sans-serif")
    css = re.sub(r"url\(/assets/[^)]*\)", "none", css)
    return re.sub(r"/\*# sourceMappingURL=[^*]*\*/", "", css)


def main() -> None:
    made = {}
    for name, (package, files) in LIBRARIES.items():
        with tempfile.TemporaryDirectory() as folder:
            packed = subprocess.run(
                ["npm", "pack", package, "--silent"], cwd=folder, check=True, capture_output=True, text=True
            ).stdout.split()[-1]
            with tarfile.open(fileobj=io.BytesIO((Path(folder) / packed).read_bytes())) as tar:
                for inside, ours in files.items():
                    body = tar.extractfile(f"package/{inside}").read()
                    if ours.endswith(".css"):
                        body = tame(body.decode()).encode()
                    elif ours.endswith(".js"):
                        body = re.sub(rb"\n?//# sourceMappingURL=\S*\s*$", b"\n", body)
                    place = VENDOR / name / ours
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(body)
                    made[f"{name}/{ours}"] = {"package": package, "sha256": hashlib.sha256(body).hexdigest()}
    (VENDOR / "VERSIONS.json").write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
