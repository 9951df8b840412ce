# /// script
# requires-python = ">=3.11"
# dependencies = ["vl-convert-python==1.9.0"]
# ///
"""Write .dvc/plots/page.html, the page of `dvc plots`, which needs no internet: `uv run tools/bundle_plots_page.py`.

DVC's own page takes Vega from a server; this one holds it. All else is tools/plots_page.html.
"""

from pathlib import Path

import vl_convert

ROOT = Path(__file__).parents[1]
PAGE = ROOT / ".dvc/plots/page.html"
TEMPLATE = ROOT / "tools/plots_page.html"
MARK = "{bundle}"
VEGA_LITE = "5.20"  # the templates beside the page, and DVC's own, are of version 5


def main() -> None:
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    # DVC's plots call `vegaEmbed` while the page is read, before a module would run: so it is a plain script
    page = TEMPLATE.read_text(encoding="utf-8").replace(MARK, f"(() => {{{script}}})();")
    PAGE.write_text(page, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(page.encode()) / 2**10:.0f} KiB")


if __name__ == "__main__":
    main()
