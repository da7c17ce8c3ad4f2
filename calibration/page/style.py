"""The style of every page of figures: light and dark, one column, tables that scroll by themselves."""

from pathlib import Path

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
