import io

import numpy as np
import pytest
from PIL import Image

from tests.fakes.telegram_server.markup import plain_text
from tests.unit.alert import gallery

#: Mean difference of a pixel's colours, of 255, that another machine's rounding may cause.
TOLERANCE = 1.0


def pixels(png: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.float64)


def test_the_gallery_shows_what_the_renderers_make() -> None:
    shown = (gallery.PLACE / "README.md").read_text(encoding="utf-8")
    assert shown == gallery.page(), "scripts/render-gallery makes it anew"


@pytest.mark.parametrize("name", gallery.pictures())
def test_the_gallerys_pictures_are_what_is_drawn(name: str) -> None:
    drawn = pixels(gallery.pictures()[name]())
    shown = pixels((gallery.PLACE / name).read_bytes())
    assert drawn.shape == shown.shape, "scripts/render-gallery makes it anew"
    assert float(np.abs(drawn - shown).mean()) < TOLERANCE


def test_the_gallery_has_no_picture_that_nobody_draws() -> None:
    assert {path.name for path in gallery.PLACE.iterdir()} == {"README.md", *gallery.pictures()}


def test_everything_in_the_gallery_is_markup_that_telegram_takes() -> None:
    for title, html, _ in gallery.texts():
        assert plain_text(html), title


@pytest.mark.parametrize("ground", [(255, 255, 255), (23, 33, 43)], ids=["light", "dark"])
def test_the_pictures_bring_their_own_ground(ground: tuple[int, int, int]) -> None:
    picture = Image.open(gallery.PLACE / "pnl.png")
    laid_on = Image.new("RGBA", picture.size, (*ground, 255))
    laid_on.alpha_composite(picture.convert("RGBA"))
    corners = {laid_on.getpixel((x, y)) for x in (0, picture.width - 1) for y in (0, 5)}
    assert corners == {(23, 33, 43, 255)}
