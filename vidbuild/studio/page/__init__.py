"""The studio in a browser: its videos to watch, its ledger, its wallet.

Plain HTML from templates; the style sheet and the script beside them are files of their own, so
that nothing inline need be allowed. Read only: whatever changes something is a call of the API.
"""

from __future__ import annotations

from vidbuild.studio.page.calls import page_routes

__all__ = ["page_routes"]
