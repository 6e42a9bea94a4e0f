"""The page of a bundle: ``report.html``, one file that needs no network and no program but a browser."""

from leapp_core.report.page import FILE, render_page, write_report

__all__ = ["FILE", "render_page", "write_report"]
