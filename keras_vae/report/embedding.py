"""Pictures inside of a page's file, small enough for a page to stay below 5 MB."""

import base64
import io
from pathlib import Path

# Bytes of a picture in a page. A report has at most about twenty, each a third larger as text.
MOST_BYTES = 160 * 1024
_QUALITIES = (80, 50)


def data_uri(file: Path) -> str:
    """A PNG file as the address of a picture: as it is, or a WebP of at most `MOST_BYTES`.

    Photographs don't shrink much without loss; the WebP loses what few will see, then resolution.
    """
    content, kind = file.read_bytes(), "png"
    if len(content) > MOST_BYTES:
        content, kind = _smaller(file), "webp"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _smaller(file):
    from PIL import Image

    with Image.open(file) as image:
        while True:
            for quality in _QUALITIES:
                stream = io.BytesIO()
                image.save(stream, "WEBP", quality=quality)
                if stream.tell() <= MOST_BYTES:
                    return stream.getvalue()
            image = image.resize((image.width // 2, image.height // 2))
