"""What a video's kind (the request's top-level discriminator) makes of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vidbuild.diagnostics import Diagnostic, Note
from vidbuild.project.model import Layer
from vidbuild.schema.shape import Shape


class Variants:
    """Fits layers to variants; each layer is cut for a variant once, so that it is shared."""

    def __init__(self, shape: Shape) -> None:
        self.tag = shape.discriminator or ""
        self.shape = shape
        kinds = shape.variants.values() or (shape,)
        self.members = {m for kind in kinds for m in kind.properties}
        self._cut: dict[tuple[int, str], tuple[Layer, Layer]] = {}

    def fitted(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Without the defaults that the chosen variant lacks, where another variant has them."""
        chosen = self.chosen(layers)
        variant = self.variant(chosen)
        if variant is None:
            return layers
        return tuple([self._fitted(layer, str(chosen), variant) for layer in layers])

    def chosen(self, layers: tuple[Layer, ...]) -> Any:
        """What the highest layer that says anything calls the variant."""
        for layer in reversed(layers):
            if self.tag in layer.values:
                return layer.values[self.tag]
        return None

    def variant(self, name: Any) -> Shape | None:
        return self.shape.variants.get(name) if isinstance(name, str) else None

    def _fitted(self, layer: Layer, chosen: str, variant: Shape) -> Layer:
        if layer.kind not in ("base", "defaults") or layer.values.get(self.tag) == chosen:
            return layer
        key = (id(layer), chosen)
        if key not in self._cut:
            foreign = self.members - variant.properties.keys()
            kept = {k: v for k, v in layer.values.items() if k not in foreign}
            cut = layer if len(kept) == len(layer.values) else replace(layer, values=kept)
            self._cut[key] = (layer, cut)  # the layer too: its id must stay its own
        return self._cut[key][1]

    def clashes(self, layers: tuple[Layer, ...], chosen: Any) -> Iterator[Diagnostic]:
        """Fields of one layer that exclude each other."""
        for group in (self.variant(chosen) or self.shape).exclusive:
            for layer in layers:
                if len(layer.values.keys() & group) < 2:
                    continue
                both = [m for m in group if layer.values.get(m) is not None]
                if len(both) > 1:
                    first, second = sorted(both, key=list(layer.values).index)[:2]
                    note = Note(message=f"`{first}` stands here", span=layer.span(first, key=True))
                    yield Diagnostic(
                        code="VB267", message=f"`{second}` and `{first}` exclude each other",
                        hint="keep one of them", span=layer.span(second, key=True),
                        field=second, notes=(note,))  # fmt: skip
