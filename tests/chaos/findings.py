"""What a judge finds."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must not be."""

    #: ``duplicate``, ``lost``, ``unknown order``, ``oversold``, ``naked``, ``unprotected``,
    #: ``fork``, ``outcome``, ``command``, ``notice``, ``late``, ``crash``, ``idle`` or ``storm``.
    kind: str
    text: str
    #: The alert that it is about, and the trade or contract.
    post_id: str = ""
    trade: str = ""
